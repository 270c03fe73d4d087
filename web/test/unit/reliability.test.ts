import { expect, test } from "vitest";

import type {
  ComponentReport,
  Diagnosis,
  Suspect,
  ValueReport,
  Verdict,
} from "../../src/api/types";
import { pickAlpha, pickComponent, pickPair } from "../../src/features/reliability/pick";
import {
  logRankWords,
  nameOf,
  ratioWords,
  readable,
  reservations,
} from "../../src/features/reliability/words";
import { byComponent, typedOf, wordsOf } from "../../src/features/releases/release";
import { componentList, componentName } from "../../src/ui/componentNames";
import { mostWatched } from "../../src/ui/rates";
import {
  formatDays,
  formatNumber,
  formatP,
  formatRange,
  oneIn,
  pWords,
} from "../../src/ui/statistics";
import { verdictTitle, verdictWords } from "../../src/ui/verdict";

const value = (name: string, appliance_days: number): ValueReport => ({
  value: name,
  intervals: 1,
  boots: 1,
  appliances: 1,
  deaths: 0,
  most_of_one_appliance: 0,
  unknown: 0,
  provoked: 0,
  lost: 0,
  appliance_days,
  rate_per_1000: null,
  rate_per_1000_with_unknown: null,
  compared: null,
  median_days: null,
  curve: [],
});

const XEN: ComponentReport = {
  component: "xen",
  values: [value("4.6", 10), value("4.7", 300), value("4.9", 20)],
  log_rank: null,
};
const ALPINE: ComponentReport = { component: "alpine", values: [value("3", 1)], log_rank: null };

const suspect = (...components: Suspect["components"]): Suspect => ({
  components,
  p_adjusted: 0.001,
  separations: [],
  evidence: [],
});

test.each([
  [0, "0"],
  [0.0123, "0.0123"],
  [0.857, "0.857"],
  [4.6026, "4.60"],
  [25.0696, "25.1"],
  [99.96, "100"],
  [1204.4, "1,204"],
  [0.0000123, "1.2e-5"],
])("the number %d reads %s", (number, text) => {
  expect(formatNumber(number)).toBe(text);
});

test("an interval without an upper end, or without a number, says so", () => {
  expect(formatRange({ value: 25.07, low: 11.463, high: 47.59 })).toBe("25.1 (11.5 to 47.6)");
  expect(formatRange({ value: 3, low: 1.5, high: null })).toBe("3.00 (1.50 to any number)");
  expect(formatRange({ value: null, low: 2.2, high: null })).toBe(
    "beyond any number (at least 2.20)",
  );
});

test.each([
  [4.1688e-5, "0.000042"],
  [0.0098, "0.010"],
  [0.25, "0.25"],
  [0.9999, "1"],
  [1e-12, "< 0.000001"],
])("the probability %d reads %s", (p, text) => {
  expect(formatP(p)).toBe(text);
});

test("probabilities and days in sentences", () => {
  expect(pWords(0.04)).toBe("p = 0.040");
  expect(pWords(1e-9)).toBe("p < 0.000001");
  expect(oneIn(0.01)).toBe("one in 100");
  expect([formatDays(3.14), formatDays(30001.3)]).toEqual(["3.1", "30,001"]);
});

test("what the address asks for is shown, and what it asks in vain is not", () => {
  expect([pickAlpha("0.05"), pickAlpha("2"), pickAlpha("a"), pickAlpha(undefined)]).toEqual([
    0.05, 0.01, 0.01, 0.01,
  ]);
  const nothing: Verdict = { kind: "nothing_stands_out", too_little: [] };
  const named: Verdict = { kind: "suspects", suspects: [suspect("alpine")] };
  const components = [ALPINE, XEN];

  expect(pickComponent({ components, verdict: nothing }, "alpine")).toBe(ALPINE);
  expect(pickComponent({ components, verdict: nothing }, "colour")).toBe(XEN);
  expect(pickComponent({ components, verdict: named }, undefined)).toBe(ALPINE);
  expect(pickComponent({ components: [], verdict: nothing }, "xen")).toBeUndefined();
});

test("two values are held beside each other: those that are wanted, or those watched longest", () => {
  expect(pickPair(XEN.values, {})).toEqual(["4.7", "4.9"]);
  expect(pickPair(XEN.values, { a: "4.6" })).toEqual(["4.6", "4.7"]);
  expect(pickPair(XEN.values, { b: "4.7" })).toEqual(["4.9", "4.7"]);
  expect(pickPair(XEN.values, { a: "4.6", b: "4.6" })).toEqual(["4.6", "4.7"]);
  expect(pickPair(XEN.values, { a: "5", b: "4.6" })).toEqual(["4.7", "4.6"]);
  expect(pickPair(ALPINE.values, {})).toBeNull();
  expect(mostWatched(XEN.values, 2).map((report) => report.value)).toEqual(["4.7", "4.9"]);
});

test("a verdict names suspects and never a cause", () => {
  const one = { kind: "suspects" as const, suspects: [suspect("qemu_running")] };
  const both = { kind: "inseparable" as const, suspects: [suspect("qemu_running", "disk_format")] };

  expect(verdictTitle(one)).toBe("Suspect: the QEMU that runs");
  expect(verdictTitle({ ...one, suspects: [...one.suspects, suspect("xen")] })).toContain(
    "and others",
  );
  expect(verdictTitle(both)).toBe("Suspects that cannot be told apart");
  expect(verdictWords(one).join(" ")).toContain("That it is the cause cannot be seen from here");
});

test("who has too little is told how much it takes", () => {
  const have = { deaths: 3, appliance_days: 200.4 };
  const need = { deaths: 26, appliance_days: 1733.3 };

  const words = verdictWords({ kind: "not_enough", have, need }).join(" ");

  expect(words).toContain("3 deaths in 200 appliance-days");
  expect(words).toContain("about 26 deaths");
  expect(words).toContain("1,733 appliance-days");
  const little = verdictWords({ kind: "nothing_stands_out", too_little: ["xen", "swap"] });
  expect(little.at(-1)).toContain("Of Xen and swap too little");
});

test("what hangs on one appliance is said, with its name", () => {
  const id = "0190a000-0000-7000-8000-0000000000aa";
  const names = [{ id, name: "kirchgasse-4" }];
  const diagnosis = {
    constant: ["alpine"],
    unchanged: ["io_scheduler"],
    left_out: 1,
    why_no_model: null,
    hangs_on_one: [
      { components: ["swap"], appliance: id, value: "on", deaths: 7, of: 9, p_without: 0.2 },
    ],
  } as unknown as Diagnosis;

  const said = reservations(diagnosis, names).join(" ");

  expect(said).toContain("Swap is not named, because it hangs on one appliance");
  expect(said).toContain("of the 9 deaths with on, 7 are of kirchgasse-4");
  expect(said).toContain("Of Alpine only one value");
  expect(said).toContain("Nobody changed the I/O scheduler");
  expect(said).toContain("1 interval");
});

test("sentences of the server are read with names, not with ids and words of the interface", () => {
  const names = [{ id: "0190-aa", name: "museum" }];

  expect(readable("Where qemu_running was 2.4.1, 0190-aa died.", names)).toBe(
    "Where running QEMU was 2.4.1, museum died.",
  );
  expect([nameOf("0190-aa", names), nameOf("barn", names)]).toEqual(["museum", "barn"]);
  expect(componentList(["dom0_kernel", "xen", "disk_format"])).toBe(
    "the dom0 kernel, Xen and the disk format",
  );
  expect(componentName("unknown")).toBe("unknown");
});

test("two values are compared in words, with what the words do not account for", () => {
  const report: ComponentReport = {
    component: "xen",
    values: [
      value("6-MP", 359),
      {
        ...value("placebo", 182),
        compared: { ratio: { value: 4.602564, low: 2.020774, high: 11.41459 }, p: 5.629e-5 },
      },
    ],
    log_rank: { chi2: 16.79294, df: 1, p: 4.168809e-5 },
  };

  expect(ratioWords(report)).toContain(
    "With placebo the rate of deaths is 4.60 (2.02 to 11.4) times that with 6-MP",
  );
  expect(logRankWords(report)).toContain("χ² = 16.8 with 1 degree of freedom, p = 0.000042");
  expect(ratioWords(XEN)).toBeNull();
  expect(logRankWords(XEN)).toContain("nothing to compare");
});

test("known problems are typed a line each, and a version must be named", () => {
  const typed = {
    ...typedOf(undefined),
    version: " 1.02 ",
    problems: "It freezes.\n\n It forgets. ",
  };

  expect(wordsOf(typed)).toEqual({
    component: "hypervisor",
    version: "1.02",
    state: "stable",
    note: "",
    problems: ["It freezes.", "It forgets."],
  });
  expect(wordsOf({ ...typed, version: " " })).toBeNull();
});

test("versions are listed by component, in the order in which components are shown", () => {
  const release = (component: "xen" | "hypervisor", version: string) => ({
    id: version,
    component,
    version,
    state: "beta" as const,
    note: "",
    problems: [],
    updated_at: "2026-01-01T00:00:00.000Z",
    revision: 1,
  });

  const groups = byComponent([
    release("xen", "4.7"),
    release("hypervisor", "2"),
    release("xen", "4.6"),
  ]);

  expect(
    groups.map(([component, rows]) => [component, rows.map(({ version }) => version)]),
  ).toEqual([
    ["hypervisor", ["2"]],
    ["xen", ["4.7", "4.6"]],
  ]);
});
