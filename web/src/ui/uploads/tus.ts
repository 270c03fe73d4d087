// Sends a file by the tus protocol (docs/uploads.md), a piece at a time, and goes on after whatever
// interrupts it. It knows the protocol; requests, waiting and memory are given to it.
import { asProblem, Problem, problemOf } from "../../api/problem";
import type { Sent } from "../../api/client";

export const PIECE = 5 * 1024 * 1024;

/** What is sent, whoever sends it. */
export interface Source {
  readonly size: number;
  slice(from: number, to: number): Blob;
}

export interface Means {
  send(path: string, sent: Sent): Promise<Response>;
  /** Waits, unless it is stopped meanwhile. */
  wait(milliseconds: number, signal: AbortSignal): Promise<void>;
  /** SHA-256 of a piece in base64; nothing where it cannot be worked out. */
  sha256(piece: Blob): Promise<string | null>;
}

export type UploadState =
  /** Bytes are on their way. */
  | { readonly is: "sending" }
  /** Nothing goes on until `seconds` are over. */
  | { readonly is: "waiting"; readonly seconds: number; readonly problem: Problem }
  /** All of it is there, and is being verified and stored. */
  | { readonly is: "checking" }
  | { readonly is: "paused" }
  | { readonly is: "done" }
  | { readonly is: "failed"; readonly problem: Problem };

export interface Announced {
  readonly appliance: string;
  readonly name: string;
  readonly note: string;
}

interface Watcher {
  state(state: UploadState): void;
  /** So much is there. */
  offset(bytes: number): void;
  /** Where it is sent to, to be remembered; nothing once that is over. */
  location(path: string | null): void;
}

const RESUMABLE = { "Tus-Resumable": "1.0.0" };

/** Sends `source` until it is there, cannot go there, or `signal` stops it. */
export async function upload(
  source: Source,
  announced: Announced,
  known: string | null,
  means: Means,
  watcher: Watcher,
  signal: AbortSignal,
): Promise<void> {
  let location = known;
  let failures = 0;
  let isToAsk = known !== null;
  let offset = 0;
  for (;;) {
    try {
      if (location === null) {
        location = await announce(source, announced, means, signal);
        watcher.location(location);
        offset = 0;
        isToAsk = false;
      }
      if (isToAsk) {
        const standing = await standingOf(location, means, signal);
        if (standing.isComplete) return watcher.state({ is: "done" });
        offset = standing.offset;
        isToAsk = false;
      }
      watcher.offset(offset);
      if (offset >= source.size) {
        watcher.state({ is: "checking" });
        await means.wait(1_500, signal);
        isToAsk = true;
        continue;
      }
      watcher.state({ is: "sending" });
      offset = await sendPiece(source, location, offset, means, signal);
      failures = 0;
    } catch (error) {
      if (signal.aborted) return watcher.state({ is: "paused" });
      const { problem, retryAfter } = refusalOf(error);
      // What is there counts, whatever was said about the last piece.
      isToAsk = true;
      failures += 1;
      if (isGone(problem) && location !== null) {
        // That upload is over: the file is announced anew, from its beginning.
        location = null;
        watcher.location(null);
        if (failures <= TRIES) continue;
      }
      if (MOVED.has(problem.code) && failures <= TRIES) continue;
      const isPassing = problem.passes || problem.code === "checksum_mismatch";
      if (!isPassing) return watcher.state({ is: "failed", problem });
      const seconds = retryAfter ?? Math.min(LONGEST_WAIT, 2 ** Math.min(6, failures - 1));
      watcher.state({ is: "waiting", seconds, problem });
      try {
        await means.wait(seconds * 1000, signal);
      } catch {
        return watcher.state({ is: "paused" });
      }
    }
  }
}

/** What is there is not what was thought. */
const MOVED: ReadonlySet<string> = new Set(["offset", "finished"]);
/** So often in a row something is tried again at once. */
const TRIES = 3;
/** In seconds. */
const LONGEST_WAIT = 60;

function isGone({ status }: Problem): boolean {
  return status === 404 || status === 410;
}

async function announce(
  source: Source,
  { appliance, name, note }: Announced,
  means: Means,
  signal: AbortSignal,
): Promise<string> {
  const response = await means.send(`/api/v1/appliances/${encodeURIComponent(appliance)}/uploads`, {
    method: "POST",
    headers: {
      ...RESUMABLE,
      "Upload-Length": String(source.size),
      "Upload-Metadata": metadata({ filename: name, note }),
    },
    signal,
  });
  if (!response.ok) throw await refusalFrom(response);
  const location = response.headers.get("location");
  if (!location) throw strange("It does not say where the file is to be sent.");
  return location;
}

async function standingOf(location: string, means: Means, signal: AbortSignal) {
  const response = await means.send(location, { method: "HEAD", headers: RESUMABLE, signal });
  if (!response.ok) throw await refusalFrom(response);
  return {
    offset: offsetOf(response),
    isComplete: response.headers.get("upload-complete") === "?1",
  };
}

/** Sends a piece, and says how much is there then. */
async function sendPiece(
  source: Source,
  location: string,
  offset: number,
  means: Means,
  signal: AbortSignal,
): Promise<number> {
  const piece = source.slice(offset, Math.min(source.size, offset + PIECE));
  const sha256 = await means.sha256(piece);
  const response = await means.send(location, {
    method: "PATCH",
    headers: {
      ...RESUMABLE,
      "Content-Type": "application/offset+octet-stream",
      "Upload-Offset": String(offset),
      ...(sha256 === null ? {} : { "Upload-Checksum": `sha256 ${sha256}` }),
    },
    body: piece,
    signal,
  });
  if (!response.ok) throw await refusalFrom(response);
  return offsetOf(response);
}

/** Ends an upload that nobody goes on with. */
export async function giveUp(location: string, means: Means, signal: AbortSignal): Promise<void> {
  const response = await means.send(location, { method: "DELETE", headers: RESUMABLE, signal });
  if (response.ok) return;
  const { problem } = await refusalFrom(response);
  if (!isGone(problem)) throw problem;
}

function offsetOf(response: Response): number {
  const offset = Number(response.headers.get("upload-offset") ?? "x");
  if (!Number.isSafeInteger(offset))
    throw strange("It does not say how much of the file is there.");
  return offset;
}

/** Keys, each with its text in base64. */
export function metadata(texts: Readonly<Record<string, string>>): string {
  return Object.entries(texts)
    .filter(([, text]) => text !== "")
    .map(([key, text]) => `${key} ${base64(new TextEncoder().encode(text))}`)
    .join(",");
}

export function base64(bytes: Uint8Array): string {
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
}

async function refusalFrom(response: Response): Promise<Refusal> {
  const body: unknown = await response.json().catch(() => null);
  const after = Number(response.headers.get("retry-after") ?? "x");
  const retryAfter = Number.isFinite(after) ? Math.max(1, after) : null;
  const problem = problemOf(response.status, body, response.headers.get("x-request-id"));
  return new Refusal(problem, retryAfter);
}

/** A refusal, and in how many seconds it may be otherwise. */
class Refusal extends Error {
  readonly problem: Problem;
  readonly retryAfter: number | null;

  constructor(problem: Problem, retryAfter: number | null) {
    super(problem.message);
    this.problem = problem;
    this.retryAfter = retryAfter;
  }
}

function refusalOf(error: unknown): Refusal {
  return error instanceof Refusal ? error : new Refusal(asProblem(error), null);
}

function strange(whatToDo: string): Problem {
  const title = "The server’s answer cannot be understood";
  return new Problem({ status: -1, code: "strange", title, whatToDo });
}
