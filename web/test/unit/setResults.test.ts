import { expect, test } from "vitest";

import { resultOf } from "../../src/api/results";
import { fateOf } from "../../src/api/setResults";
import type { Vm } from "../../src/api/types";
import { runsReason } from "../../src/features/appliance/drives";

const disk = { vm: "1", name: "pbx", vdev: "xvda", path: "/vm/pbx.raw" };

test("each disk that is not what is in the set is told with what is there instead", () => {
  const said = {
    set: "s",
    created_at: "2026-11-24T12:00:00.000Z",
    same: false,
    disks: [
      { ...disk, found: "same" },
      { ...disk, found: "differs", bytes: 512, ranges: [{ start: 1024, end: 1536 }] },
      { ...disk, found: "differs", bytes: 0, virtual_bytes: 4096, ranges: [] },
      { ...disk, found: "missing" },
      { ...disk, found: "unreadable", why: "a sector is bad" },
    ],
  };

  const result = resultOf("backup_compare", said);

  if (result?.is !== "comparison") throw new Error("no comparison");
  expect(result.comparison.same).toBe(false);
  expect(result.comparison.disks.map(({ found }) => found)).toEqual([
    "the same",
    "differs in 512 bytes, the first at 1024",
    "differs in 0 bytes; has 4096 bytes now",
    "not there any more",
    "cannot be read: a sector is bad",
  ]);
});

test("what would be removed is not said to be", () => {
  const judged = [
    { set: "a", created_at: "2026-11-24T12:00:00.000Z", vms: ["pbx"], fate: "removed" },
    { set: "b", vms: ["pbx"], fate: "kept_as_last" },
    { set: "c", vms: [], fate: "kept_for_century" },
  ];

  const result = resultOf("backup_prune", { judged, freed_bytes: 7, dry_run: true });

  if (result?.is !== "pruning") throw new Error("no pruning");
  const { sets, dryRun } = result.pruning;
  expect(sets.map((set) => fateOf(set, dryRun))).toEqual([
    "would be removed",
    "kept: one of the newest",
    "kept_for_century",
  ]);
  expect(fateOf({ ...sets[0]!, fate: "removed" }, false)).toBe("removed");
});

test("a VM that was restored as another is told by both of its names", () => {
  const said = { name: "pbx", as: { name: "pbx-test", vm: "2" }, config: "/a.cfg", disks: ["/a"] };

  expect(resultOf("backup_restore", said)).toMatchObject({ name: "pbx", as: "pbx-test" });
  expect(resultOf("backup_restore", { name: "pbx" })).toMatchObject({ as: "pbx" });
});

test("a set of a VM that runs is not compared, whatever else is in it", () => {
  const saved = (uuid: string, name: string) => ({ uuid, name, disks: [] });
  const set = { vms: [saved("1", "door"), saved("2", "pbx")] };
  const vm = (uuid: string, state: string) => ({ uuid, state }) as Vm;

  expect(runsReason(set, [vm("1", "off"), vm("2", "running")])).toBe(
    "pbx runs: shut it down first.",
  );
  expect(runsReason(set, [vm("1", "off"), vm("3", "running")])).toBeNull();
});

test.each([
  ["backup_compare", { disks: [] }],
  ["backup_prune", { judged: ["a"] }],
])("an answer to %s that has not its shape is no known one", (kind, value) => {
  expect(resultOf(kind, value)).toBeNull();
});
