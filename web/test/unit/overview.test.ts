import { expect, test, vi } from "vitest";

import { GRAVE } from "../../src/api/signatures";
import type { Release } from "../../src/api/types";
import { LATELY } from "../../src/api/within";
import { doubtful } from "../../src/features/overview/doubtful";
import { findingFilter } from "../../src/features/signatures/signatures";
import { collecting } from "../../src/live/collecting";

test("the link to grave findings is a filter that the page of findings takes", () => {
  expect(findingFilter({ severity: GRAVE, found: LATELY })).toBe("severity=fatal,crit found<24");
  expect(findingFilter({ severity: "fatal,colour", found: "yesterday" })).toBe("");
});

test("withdrawn versions stand before beta ones, and what no filter finds is left out", () => {
  const said = (component: string, version: string, state: string) =>
    ({ component, version, state }) as Release;
  const found = doubtful([
    said("hypervisor", "2.1rc1", "beta"),
    said("hypervisor", "2.0", "stable"),
    said("dom0_kernel", "5.10", "withdrawn"),
    said("swap", "on", "withdrawn"),
  ]);

  expect(found.map(({ key, release }) => [key, release.version])).toEqual([
    ["kernel", "5.10"],
    ["hypervisor", "2.1rc1"],
  ]);
});

test("a thousand events of one kind are one request, and the next event begins anew", () => {
  vi.useFakeTimers();
  const asked: string[] = [];
  const collect = collecting(3_000, (key) => asked.push(key.join(" ")));

  for (let event = 0; event < 1_000; event += 1) collect("overview", "appliances");
  collect("overview", "started");
  vi.advanceTimersByTime(2_999);
  expect(asked).toEqual([]);
  vi.advanceTimersByTime(1);
  expect(asked).toEqual(["overview appliances", "overview started"]);

  collect("overview", "appliances");
  vi.advanceTimersByTime(3_000);
  expect(asked).toHaveLength(3);
  vi.useRealTimers();
});
