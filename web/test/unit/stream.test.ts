import { beforeEach, expect, test } from "vitest";

import { LiveStream, type Change, type Source } from "../../src/live/stream";

/** An event source that does what the test says. */
class Scripted implements Source {
  readyState = 0;
  closed = false;
  onopen: ((event: Event) => void) | null = null;
  onerror: ((event: Event) => void) | null = null;
  readonly listeners = new Map<string, (event: MessageEvent<string>) => void>();
  readonly url: string;

  constructor(url: string) {
    this.url = url;
  }
  addEventListener(type: string, listener: (event: MessageEvent<string>) => void) {
    this.listeners.set(type, listener);
  }
  close() {
    this.closed = true;
  }
  open() {
    this.readyState = 1;
    this.onopen?.(new Event("open"));
  }
  fail(readyState: 0 | 2) {
    this.readyState = readyState;
    this.onerror?.(new Event("error"));
  }
  say(type: string, data: unknown, lastEventId = "") {
    const event = new MessageEvent(type, { data: JSON.stringify(data), lastEventId });
    this.listeners.get(type)?.(event);
  }
}

let sources: Scripted[] = [];
let timers: Array<{ at: number; work: () => void }> = [];
let changes: Change[] = [];
let gaps = 0;
let clock = 0;

/** Lets time pass, and what was to happen in it happen. */
async function pass(milliseconds: number) {
  clock += milliseconds;
  const due = timers.filter((timer) => timer.at <= clock);
  timers = timers.filter((timer) => timer.at > clock);
  for (const timer of due) timer.work();
  await Promise.resolve();
  await Promise.resolve();
}

function started(renew = async () => true): LiveStream {
  const stream = new LiveStream(
    {
      open: (url) => {
        const source = new Scripted(url);
        sources.push(source);
        return source;
      },
      renew,
      after: (milliseconds, work) => {
        const timer = { at: clock + milliseconds, work };
        timers.push(timer);
        return () => {
          timers = timers.filter((other) => other !== timer);
        };
      },
    },
    { changes: (batch) => changes.push(...batch), gap: () => (gaps += 1) },
  );
  stream.start();
  return stream;
}

beforeEach(() => {
  sources = [];
  timers = [];
  changes = [];
  gaps = 0;
  clock = 0;
});

test("starting twice opens one stream", () => {
  const stream = started();

  stream.start();

  expect(sources).toHaveLength(1);
});

test("changes are handed on as they come", () => {
  started();
  const change = { kind: "appliance", topic: "fleet", id: "1", version: 2, row: {} };

  sources[0]?.open();
  sources[0]?.say("changes", { changes: [change] });

  expect(changes).toEqual([change]);
});

test("a break that the browser mends is no gap, and a short one is not shown", async () => {
  const stream = started();
  sources[0]?.open();
  gaps = 0;

  sources[0]?.fail(0);
  await pass(1_000);
  expect(stream.state).toBe("live");
  sources[0]?.open();
  await pass(5_000);

  expect(stream.state).toBe("live");
  expect(gaps).toBe(0);
});

test("a break that lasts is shown", async () => {
  const stream = started();
  sources[0]?.open();

  sources[0]?.fail(0);
  await pass(2_500);

  expect(stream.state).toBe("reconnecting");
});

test("a stream that the browser gave up goes on after the last event, without a gap", async () => {
  const stream = started();
  sources[0]?.open();
  sources[0]?.say("changes", { changes: [] }, "41");
  gaps = 0;

  sources[0]?.fail(2);
  await pass(1_000);
  sources[1]?.open();

  expect(sources[1]?.url).toContain("last_event_id=41");
  expect(stream.state).toBe("live");
  expect(gaps).toBe(0);
});

test("a stream that broke before its first event may have missed some", async () => {
  started();
  sources[0]?.open();
  gaps = 0;

  sources[0]?.fail(2);
  await pass(1_000);
  sources[1]?.open();

  expect(gaps).toBe(1);
});

test("without a session it tries less and less often, and never gives up", async () => {
  started(async () => false);
  sources[0]?.fail(2);

  for (let tries = 0; tries < 20; tries += 1) await pass(30_000);

  expect(sources).toHaveLength(1);
  expect(timers.length).toBeGreaterThan(0);
  expect(timers.length).toBeLessThan(5);
});

test("a reset is a gap", () => {
  started();
  sources[0]?.open();
  gaps = 0;

  sources[0]?.say("reset", {});

  expect(gaps).toBe(1);
});

test("a pause ends the stream until it is resumed", () => {
  const stream = started();
  sources[0]?.open();

  stream.pause();
  expect(stream.state).toBe("paused");
  expect(sources[0]?.closed).toBe(true);
  stream.resume();
  sources[1]?.open();

  expect(stream.state).toBe("live");
});

test("a page that is hidden for long gives its connection back", async () => {
  const stream = started();
  sources[0]?.open();

  stream.visible(false);
  await pass(29_000);
  expect(sources[0]?.closed).toBe(false);
  await pass(2_000);
  expect(sources[0]?.closed).toBe(true);
  stream.visible(true);

  expect(sources).toHaveLength(2);
});
