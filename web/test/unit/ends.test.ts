import { expect, test } from "vitest";

import { AMISS, DEATHS } from "../../src/api/boots";
import { LATELY } from "../../src/api/within";
import { END_CHOICES, endFilter, endOrder } from "../../src/features/boots/ends";

test("ends are filtered by what the address says, as far as it makes sense", () => {
  expect(endFilter({})).toBe("");
  expect(endFilter({ appliance: ' the "museum" ', end: "hang", confidence: "low" })).toBe(
    'appliance~"the museum" end=hang confidence=low',
  );
  expect(endFilter({ end: "explosion", confidence: "total", ended: "24 state=x" })).toBe("");
});

test("what the overview counts is a choice on the page of ends", () => {
  expect(endFilter({ end: DEATHS, ended: LATELY })).toBe("end=panic,watchdog,hang ended<24");
  expect(endFilter({ end: AMISS, ended: LATELY })).toBe("end=panic,watchdog,hang,unknown ended<24");
  expect(endFilter({ end: "unknown", ended: LATELY })).toBe("end=unknown ended<24");
});

test("who lost its power or was shut down did not die", () => {
  const [deaths] = END_CHOICES.find(([, word]) => word === "Deaths") ?? [];

  expect(deaths?.split(",").toSorted()).toEqual(["hang", "panic", "watchdog"]);
});

test("the last to end comes first unless another order is asked for", () => {
  expect([endOrder(undefined), endOrder("-uptime"), endOrder("colour")]).toEqual([
    "-ended_at",
    "-uptime",
    "-ended_at",
  ]);
});
