import { expect, test } from "vitest";

import { movedBy, type Shown } from "../../src/ui/DataGrid/order";

interface Box {
  id: string;
  version: number;
  name: string;
  online: boolean;
}

const box = (id: string, name: string, online = true, version = 2): Box => {
  return { id, name, online, version };
};

/** Three boxes that are online, by name. */
function shown(changed: Box, whole = true): Shown<Box> {
  const rows = new Map([box("1", "a"), box("2", "b"), box("3", "c")].map((row) => [row.id, row]));
  rows.set(changed.id, changed);
  return {
    ids: ["1", "2", "3"],
    whole,
    get: (id) => rows.get(id),
    matches: (row) => row.online,
    compare: (a, b) => a.name.localeCompare(b.name),
  };
}

const moved = (before: Box | undefined, after: Box, whole = true) => {
  return movedBy([{ before, after }], shown(after, whole)).length > 0;
};

test("a change that leaves a row where it is moves nothing", () => {
  expect(moved(box("2", "b"), box("2", "bb"))).toBe(false);
});

test("a row that would stand elsewhere has moved", () => {
  expect(moved(box("2", "b"), box("2", "z"))).toBe(true);
  expect(moved(box("2", "b"), box("2", "0"))).toBe(true);
});

test("a row that no longer belongs has moved", () => {
  expect(moved(box("2", "b"), box("2", "b", false))).toBe(true);
});

test("a row that begins to belong is news, one that never did is none", () => {
  expect(moved(box("9", "x", false), box("9", "x", true))).toBe(true);
  expect(moved(box("9", "x", false), box("9", "y", false))).toBe(false);
});

test("an unknown row is news where the whole list is shown, or where it is new", () => {
  expect(moved(undefined, box("9", "x", true, 40), true)).toBe(true);
  expect(moved(undefined, box("9", "x", true, 40), false)).toBe(false);
  expect(moved(undefined, box("9", "x", true, 1), false)).toBe(true);
});
