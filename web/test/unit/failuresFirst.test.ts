import { expect, test } from "vitest";

import { PARTS, rankOf, statesOf } from "../../src/features/operations/failuresFirst";

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

test("a state of the URL is one part or one state, and none is all of them", () => {
  expect(statesOf(undefined)).toBeUndefined();
  expect(statesOf("failed")).toBe("lost,failed,rejected");
  expect(statesOf("expired")).toBe("expired");
});
