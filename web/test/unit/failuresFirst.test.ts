import { expect, test } from "vitest";

import { PARTS, partsOf, rankOf, stretch } from "../../src/features/operations/failuresFirst";

/** A list of the API with these rows, and what it was asked for. */
function list(rows: readonly string[]) {
  const asked: Array<readonly [number, number]> = [];
  const part = async (offset: number, limit: number) => {
    asked.push([offset, limit]);
    return { rows: rows.slice(offset, offset + limit), total: rows.length };
  };
  return { part, asked };
}

test("what went wrong comes before what goes on, and what is over comes last", () => {
  const states = ["succeeded", "running", "failed", "queued", "lost"] as const;

  expect(states.toSorted((a, b) => rankOf(a) - rankOf(b))).toEqual([
    "failed",
    "lost",
    "running",
    "queued",
    "succeeded",
  ]);
  expect(PARTS.flatMap(([, all]) => all)).toHaveLength(12);
});

test("a state of the URL is one part, and none is all of them", () => {
  expect(partsOf(undefined)).toHaveLength(3);
  expect(partsOf("failed")).toEqual(["lost,failed,rejected"]);
  expect(partsOf("expired")).toEqual(["expired"]);
});

test("a stretch goes on from one list into the next, with no row twice and none left out", async () => {
  const lists = [list(["a", "b", "c"]), list([]), list(["d", "e", "f", "g"])];
  const parts = lists.map(({ part }) => part);

  expect(await stretch(parts, 0, 2)).toEqual({ rows: ["a", "b"], total: 7 });
  expect(await stretch(parts, 2, 3)).toEqual({ rows: ["c", "d", "e"], total: 7 });
  expect(await stretch(parts, 5, 9)).toEqual({ rows: ["f", "g"], total: 7 });
  expect(await stretch(parts, 7, 9)).toEqual({ rows: [], total: 7 });
});
