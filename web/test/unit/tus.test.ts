import { expect, test } from "vitest";

import type { Sent } from "../../src/api/client";
import { unreachable } from "../../src/api/problem";
import { begunBefore, remembered } from "../../src/ui/uploads/memory";
import {
  giveUp,
  metadata,
  PIECE,
  upload,
  type Means,
  type UploadState,
} from "../../src/ui/uploads/tus";

const LOCATION = "/api/v1/uploads/7";

/** The other side of the protocol, with whatever goes wrong with a request. */
class Server {
  readonly asked: string[] = [];
  readonly waits: number[] = [];
  bytes = 0;
  length = 0;
  isComplete = false;
  isGone = false;
  /** What happens in place of the next answers. */
  trouble: Array<() => Response> = [];

  readonly send = async (path: string, { method, headers, body }: Sent): Promise<Response> => {
    this.asked.push(`${method} ${path} ${headers["Upload-Offset"] ?? ""}`.trim());
    const trouble = this.trouble.shift();
    if (trouble) return trouble();
    if (method === "POST") {
      this.length = Number(headers["Upload-Length"]);
      this.bytes = 0;
      this.isGone = false;
      return new Response(null, { status: 201, headers: { Location: LOCATION } });
    }
    if (this.isGone) return new Response(null, { status: 410 });
    if (method === "PATCH") {
      if (Number(headers["Upload-Offset"]) !== this.bytes) return refusal(409, "offset");
      this.bytes += (body as Blob).size;
    }
    if (method === "HEAD" && this.bytes === this.length) this.isComplete = true;
    return new Response(null, {
      status: method === "HEAD" ? 200 : 204,
      headers: {
        "Upload-Offset": String(this.bytes),
        "Upload-Complete": this.isComplete ? "?1" : "?0",
      },
    });
  };

  readonly means: Means = {
    send: this.send,
    wait: async (milliseconds) => void this.waits.push(milliseconds),
    sha256: async () => "abc=",
  };
}

function refusal(status: number, code: string, headers: Record<string, string> = {}): Response {
  const body = JSON.stringify({ code, title: code, what_to_do: "Do something." });
  return new Response(body, { status, headers });
}

const file = (bytes: number) => new Blob([new Uint8Array(bytes)]);
const announced = { appliance: "4", name: "kern.log", note: "" };

async function sent(server: Server, source: Blob, known: string | null = null) {
  const states: UploadState[] = [];
  const locations: Array<string | null> = [];
  const offsets: number[] = [];
  const watcher = {
    state: (state: UploadState) => void states.push(state),
    offset: (bytes: number) => void offsets.push(bytes),
    location: (path: string | null) => void locations.push(path),
  };
  const { signal } = new AbortController();
  await upload(source, announced, known, server.means, watcher, signal);
  return { states, locations, offsets, last: states.at(-1) };
}

test("a file is announced, sent in pieces, and done once it is verified", async () => {
  const server = new Server();

  const { last, locations, offsets } = await sent(server, file(2 * PIECE + 5));

  expect(server.asked).toEqual([
    "POST /api/v1/appliances/4/uploads",
    `PATCH ${LOCATION} 0`,
    `PATCH ${LOCATION} ${PIECE}`,
    `PATCH ${LOCATION} ${2 * PIECE}`,
    `HEAD ${LOCATION}`,
  ]);
  expect(offsets).toEqual([0, PIECE, 2 * PIECE, 2 * PIECE + 5]);
  expect(locations).toEqual([LOCATION]);
  expect(last).toEqual({ is: "done" });
});

test("after a break it asks how much is there, and goes on from there", async () => {
  const server = new Server();
  server.length = PIECE + 9;
  server.bytes = 7;

  const { last } = await sent(server, file(PIECE + 9), LOCATION);

  expect(server.asked.slice(0, 2)).toEqual([`HEAD ${LOCATION}`, `PATCH ${LOCATION} 7`]);
  expect(last).toEqual({ is: "done" });
});

test("what is over there is announced anew", async () => {
  const server = new Server();
  server.isGone = true;

  const { last, locations } = await sent(server, file(10), LOCATION);

  expect(locations).toEqual([null, LOCATION]);
  expect(last).toEqual({ is: "done" });
});

test("while the server is away it waits longer and longer, and loses nothing", async () => {
  const server = new Server();
  const away = () => {
    throw unreachable();
  };
  server.trouble = [away, away, away];

  const { last } = await sent(server, file(10));

  expect(server.waits.slice(0, 3)).toEqual([1000, 2000, 4000]);
  expect(last).toEqual({ is: "done" });
});

test("a piece that came although its answer was lost is not sent again", async () => {
  const server = new Server();
  let isLost = false;
  const send: Means["send"] = async (path, request) => {
    const answer = await server.send(path, request);
    if (request.method !== "PATCH" || isLost) return answer;
    isLost = true;
    throw unreachable();
  };
  const states: UploadState[] = [];
  const watcher = {
    state: (state: UploadState) => void states.push(state),
    offset() {},
    location() {},
  };

  const means = { ...server.means, send };
  await upload(file(PIECE + 1), announced, null, means, watcher, new AbortController().signal);

  expect(server.asked.filter((line) => line.startsWith("PATCH"))).toEqual([
    `PATCH ${LOCATION} 0`,
    `PATCH ${LOCATION} ${PIECE}`,
  ]);
  expect(states.at(-1)).toEqual({ is: "done" });
});

test("a server that says when to come back is taken at its word", async () => {
  const server = new Server();
  server.trouble = [() => refusal(429, "too_many", { "Retry-After": "60" })];

  const { states, last } = await sent(server, file(10));

  expect(states[0]).toMatchObject({ is: "waiting", seconds: 60 });
  expect(last).toEqual({ is: "done" });
});

test("a piece that was spoilt on its way is sent again", async () => {
  const server = new Server();
  server.trouble = [
    () => {
      server.length = 10;
      return new Response(null, { status: 201, headers: { Location: LOCATION } });
    },
    () => refusal(460, "checksum_mismatch"),
  ];

  const { last } = await sent(server, file(10));

  expect(server.asked.filter((line) => line === `PATCH ${LOCATION} 0`)).toHaveLength(2);
  expect(last).toEqual({ is: "done" });
});

test("what will never be taken ends it, with what to do", async () => {
  const server = new Server();
  server.trouble = [() => refusal(413, "too_large")];

  const { last } = await sent(server, file(10));

  expect(last).toMatchObject({
    is: "failed",
    problem: { code: "too_large", whatToDo: "Do something." },
  });
  expect(server.asked).toHaveLength(1);
});

test("a server that never agrees with itself is not asked for ever", async () => {
  const server = new Server();
  server.length = 10;
  server.bytes = 3;
  const never = { send: server.send };
  const means: Means = {
    ...server.means,
    send: async (path, request) => {
      return request.method === "PATCH" ? refusal(409, "offset") : never.send(path, request);
    },
  };
  const states: UploadState[] = [];
  const watcher = {
    state: (state: UploadState) => void states.push(state),
    offset() {},
    location() {},
  };

  await upload(file(10), announced, LOCATION, means, watcher, new AbortController().signal);

  expect(states.at(-1)).toMatchObject({ is: "failed", problem: { code: "offset" } });
});

test("who pauses it stops it, and an end of it is told to the server", async () => {
  const server = new Server();
  const stop = new AbortController();
  const states: UploadState[] = [];
  const watcher = {
    state: (state: UploadState) => void states.push(state),
    offset: (bytes: number) => {
      if (bytes === PIECE) stop.abort();
    },
    location() {},
  };
  const means: Means = {
    ...server.means,
    send: async (path, request) => {
      request.signal.throwIfAborted();
      return server.send(path, request);
    },
  };

  await upload(file(2 * PIECE), announced, null, means, watcher, stop.signal);
  await giveUp(LOCATION, server.means, new AbortController().signal);

  expect(states.at(-1)).toEqual({ is: "paused" });
  expect(server.bytes).toBe(PIECE);
  expect(server.asked.at(-1)).toBe(`DELETE ${LOCATION}`);
});

test("metadata is in base64, letter by letter as UTF-8, and says nothing that is empty", () => {
  expect(metadata({ filename: "Zürich.log", note: "" })).toBe("filename WsO8cmljaC5sb2c=");
});

test("a file is known again by its name, size and time, and for the same appliance only", () => {
  const known = remembered([
    { appliance: "4", applianceName: "Kiosk", name: "a", size: 3, modified: 9, location: LOCATION },
  ]);
  const mark = { name: "a", size: 3, lastModified: 9 };

  expect(begunBefore(known, "4", mark)?.location).toBe(LOCATION);
  expect(begunBefore(known, "5", mark)).toBeUndefined();
  expect(begunBefore(known, "4", { ...mark, lastModified: 10 })).toBeUndefined();
});

test.each([null, "x", [3], [{ appliance: "4" }]])(
  "what is no memory of ours is none: %j",
  (value) => {
    expect(remembered(value)).toEqual([]);
  },
);

test("nothing is ever sent to where others say", () => {
  const elsewhere = "https://elsewhere.example/api/v1/uploads/7";
  const given = { appliance: "4", name: "a", size: 3, modified: 9, location: elsewhere };

  expect(remembered([given])).toEqual([]);
});
