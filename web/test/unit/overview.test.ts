import { expect, test, vi } from "vitest";

import type { Started } from "../../src/api/overview";
import type { Appliance, Boot, BootEnd, Finding, Release } from "../../src/api/types";
import {
  atLeastWords,
  countLate,
  doubtful,
  endedLately,
  endWords,
  graveBundles,
  isAmiss,
} from "../../src/features/overview/lately";
import { findingFilter } from "../../src/features/signatures/signatures";
import { collecting } from "../../src/live/collecting";

const NOW = Date.parse("2026-11-29T12:00:00Z");
const hoursAgo = (hours: number) => new Date(NOW - hours * 3_600_000).toISOString();

const boot = (startedHoursAgo: number, end: BootEnd | null): Boot => ({
  boot_id: `boot ${startedHoursAgo}`,
  epoch: 1,
  started_at: hoursAgo(startedHoursAgo),
  end,
  ended_at: null,
  components: {},
});

const started = (name: string, boots: readonly Boot[]): Started => ({
  appliance: { id: name, name } as Appliance,
  boots,
});

const ends = (...kinds: readonly BootEnd[]) => {
  const boots = [boot(0.5, null), ...kinds.map((end, at) => boot(at + 1, end))];
  return endedLately([started("museum", boots)], NOW);
};

test("a boot is new when its appliance was started again in the last 24 hours, however long ago it began", () => {
  const museum = started("museum", [boot(2, null), boot(23, "hang"), boot(25, "panic")]);
  const annex = started("annex", [boot(1, null), boot(9_000, "unknown")]);

  const ended = endedLately([museum, annex], NOW);

  expect(ended.map(({ appliance, end, started_at }) => [appliance.name, end, started_at])).toEqual([
    ["annex", "unknown", hoursAgo(1)],
    ["museum", "hang", hoursAgo(2)],
    ["museum", "panic", hoursAgo(23)],
  ]);
  expect(new Set(ended.map(({ key }) => key)).size).toBe(3);
});

test("a start a day ago is no longer new, and the first boot that is known ended none", () => {
  expect(endedLately([started("museum", [boot(24, null), boot(30, "hang")])], NOW)).toEqual([]);
  expect(endedLately([started("annex", [boot(1, null)])], NOW)).toEqual([]);
});

test("deaths are what is counted as deaths everywhere, and who lost its power did not die", () => {
  const ended = ends("panic", "watchdog", "hang", "unknown", "power_loss", "clean", "provoked");

  expect(endWords(ended)).toBe("3 deaths, 1 unknown end, 3 other ends");
  expect(ended.filter(isAmiss).map(({ end }) => end)).toEqual([
    "panic",
    "watchdog",
    "hang",
    "unknown",
  ]);
  expect(endWords(ends("upgrade"))).toBe("1 other end");
  expect(endWords([])).toBe("");
});

test("where all rows that were fetched are new, there may be more", () => {
  const times = [hoursAgo(1), hoursAgo(23), hoursAgo(24)];

  expect(countLate(times, NOW, 100)).toEqual({ value: 2, orMore: false });
  expect(atLeastWords(countLate(times, NOW, 3), "operation")).toBe("2 operations");
  expect(atLeastWords(countLate(times.slice(0, 2), NOW, 2), "operation")).toBe(
    "2 operations or more",
  );
  expect(atLeastWords(countLate([], NOW, 100), "operation")).toBe("0 operations");
});

test("a bundle with many grave findings is one bundle", () => {
  const finding = (bundle: string, hours: number) =>
    ({ bundle, found_at: hoursAgo(hours) }) as Finding;
  const findings = [finding("a", 1), finding("a", 2), finding("b", 3), finding("c", 25)];

  expect(graveBundles(findings, NOW, 100)).toEqual({ value: 2, orMore: false });
  expect(graveBundles(findings.slice(0, 3), NOW, 3)).toEqual({ value: 2, orMore: true });
});

test("the link to grave findings is a filter that the page of findings takes", () => {
  expect(findingFilter({ severity: "fatal,crit" })).toBe("severity=fatal,crit");
  expect(findingFilter({ severity: "fatal,colour" })).toBe("");
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
