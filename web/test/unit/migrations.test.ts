import { expect, test } from "vitest";

import { filterOf, type LineStep, type MigrationRecord } from "../../src/api/migrations";
import { preflightOf, reportOf } from "../../src/api/preflight";
import {
  EMPTY_START,
  secondsOf,
  startReason,
  wantedMigration,
} from "../../src/features/appliance/move";
import {
  bytesDone,
  PHASE_NAMES,
  phaseLook,
  recordWords,
  sides,
  timeLeft,
  vmsInWords,
  waitOf,
} from "../../src/features/migrations/words";
import { sold } from "../../src/ui/PreflightFacts";

const NOW = Date.parse("2026-11-30T12:00:00Z");

function step(phase: string, state: LineStep["state"] = "ahead"): LineStep {
  return { phase, state, evidence: [] };
}

const LINE = [
  "preflight",
  "backing_up",
  "verifying",
  "sealed",
  "permitted",
  "resetting",
  "soaking",
];

test("the point of no return lies between the sealed set and the permit", () => {
  const { before, beyond } = sides(LINE.map((phase) => step(phase)));

  expect(before.at(-1)?.phase).toBe("sealed");
  expect(beyond[0]?.phase).toBe("permitted");
  expect([...before, ...beyond].map(({ phase }) => phase)).toEqual(LINE);
});

test("a line that ends before the point, or without a permit, has its point where it belongs", () => {
  expect(sides([step("preflight"), step("cancelled")]).beyond).toEqual([]);
  expect(sides([step("sealed"), step("resetting")]).beyond[0]?.phase).toBe("resetting");
  const unknown = sides([step("sealed"), step("of_tomorrow"), step("permitted")]);
  expect(unknown.before.map(({ phase }) => phase)).toEqual(["sealed", "of_tomorrow"]);
});

test("each wait names whom it is for, and one of tomorrow says what the agent said", () => {
  expect(waitOf({ waits: "drive" })).toEqual({
    who: "The person on site",
    what: "Plug the backup drive in",
    isPerson: true,
  });
  expect(waitOf({ waits: "hands" })?.who).toBe("An operator");
  expect(waitOf({ waits: "permit" })?.isPerson).toBe(false);
  expect(waitOf({ waits: "of_tomorrow", what: "The moon" })?.what).toBe("The moon");
  expect(waitOf({ waits: null, what: "Copying" })).toBeNull();
});

test("the time left is that of the permit, of the watch, or of the bytes", () => {
  const permit = { id: "p", issued_at: "", not_after: "2026-11-30T15:00:00Z" };
  expect(timeLeft({ phase: "permitted", permit }, NOW)).toBe("the permit is good for another 3 h");
  expect(timeLeft({ phase: "permitted", permit }, NOW + 4 * 3_600_000)).toBe(
    "the permit has run out",
  );
  const soaking = { phase: "soaking", soaking_until: "2026-12-02T13:00:00Z", permit };
  expect(timeLeft(soaking, NOW)).toBe("watched for another 2 d 1 h");
  expect(timeLeft({ ...soaking, ended_at: "2026-11-30T11:00:00Z" }, NOW)).toBeNull();
  const copying = { phase: "backing_up", done: 2 ** 30, total: 4 * 2 ** 30 };
  expect(timeLeft(copying, NOW)).toBe("3 GiB to go");
  expect(timeLeft({ phase: "sealed" }, NOW)).toBeNull();
});

test("more bytes than there are is no more than all, and nothing of nothing is not told", () => {
  expect(bytesDone({ done: 9, total: 8 })).toBe("8 B of 8 B");
  expect(bytesDone({ done: 0, total: 0 })).toBeNull();
  expect(vmsInWords({ vms_total: 3, vms_settled: 1, vms_failed: 1 })).toBe("1 of 3 VMs, 1 failed");
});

test("every phase has its own word, and one of tomorrow has its name", () => {
  expect(new Set(PHASE_NAMES.map((phase) => phaseLook(phase)[2])).size).toBe(PHASE_NAMES.length);
  expect(phaseLook("of_tomorrow")[2]).toBe("of tomorrow");
});

test("what the journal tells is a sentence with the VM's name", () => {
  const words = (event: string, more: object = {}) => {
    const record: MigrationRecord = { number: 1, at: "", on: "1.x", agent: "1", event, ...more };
    return recordWords(record, (id) => (id === "7" ? "mail" : id));
  };
  expect(words("vm_stopped", { vm: "7", clean: true })).toBe("mail shut down by itself");
  expect(words("sealed", { generation: 2 })).toBe("The set is sealed for the 2nd time");
  expect(words("vm_healthy", { vm: "7", evidence: ["it answers"] })).toBe(
    "mail is healthy; it answers",
  );
  expect(words("ended", { end: "rolled_back" })).toBe("Over: Rolled back");
  expect(words("of_tomorrow")).toBe("of tomorrow");
});

test("a filter that cannot be written is left out", () => {
  expect(filterOf(' box "7\\', "open")).toBe('appliance~"box 7" ended=no');
  expect(filterOf("", "over")).toBe("ended=yes");
  expect(filterOf("", "needs_hands")).toBe("phase=needs_hands");
  expect(filterOf("", "x or y")).toBe("");
});

const REPORT = {
  blockers: [],
  warnings: [{ code: "clock", sentence: "The clock is wrong." }],
  consents: [
    { code: "only_copy", sentence: "One drive.", typed: "one drive", is_given: false },
    { code: "vm_excluded", vm: "8", sentence: "old is left out.", typed: "old", is_given: true },
  ],
  time: { seconds: 7200, before_permit: { seconds: 3600 }, vms: [{ name: "mail", seconds: 7200 }] },
  drive: { free_bytes: 100, missing_bytes: 20, need: { required_bytes: 120 } },
  buy: { size_bytes: 500_000_000_000, required_bytes: 120 },
  second_copy: { second_copy: "one_drive", sentence: "There is none." },
  facts: {
    vms: [
      { vm: "7", name: "mail" },
      { vm: "8", name: "old" },
    ],
  },
  assumptions: { excluded: ["8"] },
};

function report(changed: object = {}) {
  const found = reportOf({ ...REPORT, ...changed });
  if (!found) throw new Error("no report");
  return found;
}

test("what a preflight found is read, and what has another shape is not", () => {
  expect(report()).toMatchObject({
    seconds: 7200,
    secondsBeforePermit: 3600,
    freeBytes: 100,
    missingBytes: 20,
    requiredBytes: 120,
    excluded: ["8"],
    secondCopy: "There is none.",
    otherDrives: [],
  });
  expect(report().warnings).toEqual([{ sentence: "The clock is wrong.", whatToDo: null }]);
  expect(reportOf({ blockers: [] })).toBeNull();
  expect(reportOf("words")).toBeNull();
  expect(sold(500_000_000_000)).toBe("500 GB");
  expect(sold(2e12)).toBe("2 TB");
});

test("nothing is started with something in the way, without a word, or beside another", () => {
  expect(startReason(null, false)).toMatch("preflight first");
  expect(startReason(report(), true)).toMatch("under way");
  const blockers = [{ sentence: "No drive.", what_to_do: "Plug one in." }];
  expect(startReason(report({ blockers }), false)).toBe("1 thing stands in the way: see below.");
  const consents = [{ code: "passthrough", sentence: "", typed: "mail", is_given: false }];
  expect(startReason(report({ consents }), false)).toMatch("say yes");
  // That there is one copy only is accepted with the start itself.
  expect(startReason(report(), false)).toBeNull();
});

test("a migration is asked for once the reasons, the sentence and the times are there", () => {
  const wanted = (draft: object) =>
    wantedMigration("a", "p", report(), { ...EMPTY_START, ...draft });
  const reasons = { "8": " not needed " };

  expect(wanted({})).toMatch("left out");
  expect(wanted({ reasons })).toMatch("one drive");
  expect(wanted({ reasons, sentence: "one drive", hours: "soon" })).toMatch("numbers");
  expect(wanted({ reasons, sentence: "one drive", hours: "1,5", days: "2" })).toEqual({
    appliance: "a",
    preflight: "p",
    excluded: [{ vm: "8", reason: "not needed" }],
    one_copy: "one drive",
    downtime_seconds: 5400,
    soak_seconds: 172_800,
  });
  // With a second drive nobody has to accept that there is one copy.
  expect(wanted({ reasons, second: "d2" })).toMatchObject({ second_drive: "d2" });
  expect(wanted({ reasons, second: "d2" })).not.toHaveProperty("one_copy");
  // Also where the preflight was told of it already, and asks for no sentence.
  const told = report({ consents: [], assumptions: { excluded: [], second_drive: "d3" } });
  expect(wantedMigration("a", "p", told, EMPTY_START)).toMatchObject({ second_drive: "d3" });
  expect(secondsOf("0", 3600)).toBeNull();
  expect(secondsOf("-1", 3600)).toBeNull();
});

test("who leaves a VM out says so in the preflight already", () => {
  expect(preflightOf(["8"], [{ code: "passthrough", vm: "7", disk: null }])).toEqual({
    kind: "migration_preflight",
    excluded: ["8"],
    accepted: [
      { code: "vm_excluded", vm: "8" },
      { code: "passthrough", vm: "7" },
    ],
  });
});
