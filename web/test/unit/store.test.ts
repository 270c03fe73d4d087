import { expect, test } from "vitest";

import { RowStore } from "../../src/live/store";

interface Box {
  id: string;
  version: number;
  name: string;
}

const box = (id: string, version: number, name = `${id}${version}`): Box => ({ id, version, name });

/** A store whose frames come when they are called for. */
function storeWithFrames() {
  const frames: Array<() => void> = [];
  const store = new RowStore<Box>((work) => frames.push(work));
  return { store, frame: () => frames.splice(0).forEach((work) => work()) };
}

test("99 changes to one row in one frame tell its subscriber once, of the last one", () => {
  const { store, frame } = storeWithFrames();
  store.put([box("a", 1)]);
  const seen: Array<string | undefined> = [];
  store.subscribe("a", () => seen.push(store.get("a")?.name));

  for (let version = 2; version <= 100; version += 1) store.change(box("a", version));
  frame();

  expect(seen).toEqual(["a100"]);
});

test("a change of one row tells nobody else", () => {
  const { store, frame } = storeWithFrames();
  store.put([box("a", 1), box("b", 1)]);
  let told = 0;
  store.subscribe("b", () => (told += 1));

  store.change(box("a", 2));
  frame();

  expect(told).toBe(0);
});

test("what was fetched before a change does not undo it", () => {
  const { store, frame } = storeWithFrames();
  store.change(box("a", 5));
  frame();

  store.put([box("a", 4)]);

  expect(store.get("a")?.version).toBe(5);
});

test("changes that arrive out of order leave the newest", () => {
  const { store, frame } = storeWithFrames();

  store.change(box("a", 3));
  store.change(box("a", 2));
  frame();

  expect(store.get("a")?.version).toBe(3);
});

test("watchers see what a row was and is, once a frame", () => {
  const { store, frame } = storeWithFrames();
  store.put([box("a", 1)]);
  const batches: unknown[] = [];
  store.watch((changes) => batches.push(changes));

  store.change(box("a", 2));
  store.change(box("b", 1));
  frame();

  expect(batches).toEqual([
    [
      { before: box("a", 1), after: box("a", 2) },
      { before: undefined, after: box("b", 1) },
    ],
  ]);
});

test("whoever unsubscribed is not told", () => {
  const { store } = storeWithFrames();
  let told = 0;
  const stop = store.subscribe("a", () => (told += 1));

  stop();
  store.put([box("a", 1)]);

  expect(told).toBe(0);
});
