import { expect, test } from "vitest";

import type { Boot, Bundle, ComponentSpan, Operation } from "../../src/api/types";
import { nextMark } from "../../src/charts/nextMark";
import {
  jumpsOf,
  marksOf,
  rangeOf,
  spanOf,
  within,
  type History,
  type Mark,
} from "../../src/features/appliance/timeline";

const NOW = Date.parse("2026-03-01T00:00:00.000Z");
const day = (at: number) =>
  new Date(Date.parse("2026-01-01T00:00:00.000Z") + at * 86_400_000).toISOString();

const boot = (from: number, to: number | null, end: Boot["end"]): Boot => ({
  boot_id: `boot-${from}`,
  started_at: day(from),
  ended_at: to === null ? null : day(to),
  end,
  confidence: end && end !== "clean" ? "high" : null,
  evidence: end === "panic" ? ["pstore holds a panic."] : [],
  components: {},
  epoch: 1,
});

const NOTHING: History = { boots: [], spans: [], operations: [], bundles: [], vms: new Map() };

test("a boot that ended badly is a run and a death, with how, how sure and on what evidence", () => {
  const marks = marksOf({ ...NOTHING, boots: [boot(0, 5, "panic"), boot(5, 6, "clean")] }, NOW);

  expect(marks.map(({ lane, title }) => [lane, title])).toEqual([
    ["boots", "Ran 5 d"],
    ["deaths", "Panic"],
    ["boots", "Ran 1 d"],
  ]);
  const death = marks.find(({ lane }) => lane === "deaths");
  expect(death?.detail).toBe("after 5 d; high confidence; pstore holds a panic.");
  expect(death?.from).toBe(Date.parse(day(5)));
});

test("a boot that runs goes on until now", () => {
  const [mark] = marksOf({ ...NOTHING, boots: [boot(50, null, null)] }, NOW);

  expect([mark?.to, mark?.title]).toEqual([NOW, "Runs for 9 d"]);
});

test("a component is a change only where it was another before, of the same VM", () => {
  const span = (
    component: ComponentSpan["component"],
    value: string,
    from: number,
    vm?: string,
  ) => {
    const until = null;
    return { component, value, from: day(from), until, boots: 1, ...(vm ? { vm } : {}) };
  };
  const spans = [
    span("xen", "4.7", 9),
    span("xen", "4.6", 0),
    span("qemu_running", "5.2", 7, "a"),
    span("qemu_running", "2.4", 0, "b"),
  ];

  const marks = marksOf({ ...NOTHING, spans, vms: new Map([["a", "pbx"]]) }, NOW);

  expect(marks.map(({ title, detail }) => [title, detail])).toEqual([
    ["Xen: 4.7", "before that 4.6"],
  ]);
});

test("operations and bundles are marks that lead to their pages", () => {
  const operation = {
    id: "7",
    kind: "vm_start",
    state: "failed",
    created_at: day(1),
    started_at: day(2),
    ended_at: day(3),
    reason: { code: "x", message: "there is no such VM" },
  } as Operation;
  const bundle = {
    id: "8",
    created_at: day(4),
    trigger: "unclean_boot",
    state: "complete",
  } as Bundle;

  const marks = marksOf({ ...NOTHING, operations: [operation], bundles: [bundle] }, NOW);

  expect(marks.map(({ target, title, tone }) => [target, title, tone])).toEqual([
    [{ to: "operation", id: "7" }, "Start VM", "bad"],
    [{ to: "bundle", id: "8" }, "Debug bundle", "warn"],
  ]);
  expect(marks[0]?.detail).toBe("failed; by the server; there is no such VM");
});

const mark = (id: string, lane: Mark["lane"], from: number, to: number | null = null): Mark => ({
  id,
  lane,
  from,
  to,
  tone: "info",
  title: id,
  detail: "",
  target: null,
});

test("a range shows what lies in it in part too, and nothing before it", () => {
  const marks = [
    mark("long ago", "bundles", NOW - 100 * 86_400_000),
    mark("still runs", "boots", NOW - 200 * 86_400_000, NOW),
    mark("new", "bundles", NOW - 86_400_000),
  ];

  const shown = within(marks, spanOf("30", marks, NOW));

  expect(shown.map(({ id }) => id)).toEqual(["still runs", "new"]);
  expect(within(marks, spanOf("all", marks, NOW))).toHaveLength(3);
});

test("a range that there is not is the shortest one", () => {
  expect([rangeOf("all"), rangeOf("7"), rangeOf(undefined)]).toEqual(["all", "30", "30"]);
});

test("a clock that is ahead makes the axis longer, not the marks vanish", () => {
  const marks = [mark("ahead", "bundles", NOW + 9)];

  expect(spanOf("30", marks, NOW).to).toBe(NOW + 9);
});

test("a boot that began before the one before it was over is a jump of the clock", () => {
  const jumps = jumpsOf([boot(4, null, null), boot(0, 5, "unknown")]);

  expect(jumps).toEqual([{ bootId: "boot-4", startedAt: day(4), before: day(5), seconds: 86_400 }]);
  expect(jumpsOf([boot(5, null, null), boot(0, 5, "clean")])).toEqual([]);
});

test("arrows go through the marks in time, and from lane to lane to the nearest", () => {
  const lanes = ["boots", "deaths", "bundles"];
  const [a, b, c] = [mark("a", "boots", 1), mark("b", "bundles", 2), mark("c", "boots", 30)];
  const marks = [a, b, c];
  const go = (from: Mark | undefined, key: string) => nextMark(lanes, marks, from, key)?.id;

  expect([go(a, "ArrowRight"), go(c, "ArrowRight"), go(c, "ArrowLeft")]).toEqual([
    "b",
    undefined,
    "b",
  ]);
  expect([go(b, "ArrowUp"), go(c, "ArrowDown"), go(b, "ArrowDown")]).toEqual(["a", "b", undefined]);
  expect([go(undefined, "Home"), go(undefined, "End"), go(a, "x")]).toEqual(["a", "c", undefined]);
});
