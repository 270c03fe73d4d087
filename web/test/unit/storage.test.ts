import { expect, test } from "vitest";

import type { Operation, Vm, Volume } from "../../src/api/types";
import { growError } from "../../src/features/appliance/GrowVolume";
import { imagesOf, lastVerdicts } from "../../src/features/appliance/images";
import { fillOf, levelOf, promisedBytes } from "../../src/features/appliance/pools";
import { volumeReasons } from "../../src/features/appliance/volumeReasons";

const GIB = 2 ** 30;
const volume = (name: string, rest: Partial<Volume> = {}): Volume => ({
  lv_uuid: `uuid-${name}`,
  name,
  volume_group: "vg0",
  size_bytes: GIB,
  attributes: "-wi-a-----",
  segment_type: "linear",
  managed: true,
  tags: [],
  ...rest,
});
const vm = (name: string, target: string, state: Vm["state"] = "off"): Vm => ({
  uuid: name,
  name,
  state,
  memory_bytes: GIB,
  vcpus: 1,
  macs: [],
  managed: true,
  disks: [{ vdev: "xvda", format: "lv", target, writable: true }],
});
const possible = (of: Volume, volumes: readonly Volume[] = [], vms: readonly Vm[] = []) => {
  const reasons = volumeReasons(of, { volumes: [of, ...volumes], vms, general: null });
  return Object.entries(reasons)
    .filter(([, reason]) => reason === null)
    .map(([act]) => act);
};

test("a volume that a VM has is neither renamed nor removed, by either of its paths", () => {
  const root = volume("pbx-root");

  expect(possible(root)).toEqual(["snapshot", "grow", "rename", "remove"]);
  for (const path of ["/dev/vg0/pbx-root", "/dev/mapper/vg0-pbx--root"]) {
    expect(possible(root, [], [vm("pbx", path)])).toEqual(["snapshot", "grow"]);
  }
});

test("what others made is only adopted and snapshot", () => {
  expect(possible(volume("x", { managed: false }))).toEqual(["snapshot", "adopt"]);
});

test("a snapshot is reverted to while nobody uses its origin, and not once it has overflowed", () => {
  const root = volume("root");
  const snapshot = volume("root-snap", { origin: "root", attributes: "swi-a-s---" });
  const of = (changed: Volume, vms: readonly Vm[] = []) => possible(changed, [root], vms);

  expect(of(snapshot)).toContain("revert");
  expect(of(snapshot, [vm("pbx", "/dev/vg0/root", "running")])).not.toContain("revert");
  expect(of(snapshot, [vm("pbx", "/dev/vg0/root")])).toContain("revert");
  expect(of({ ...snapshot, attributes: "swi-I-s---" })).not.toContain("revert");
});

test("a thick volume stays while it has snapshots, and a pool while volumes are in it", () => {
  const pool = volume("pool0", { segment_type: "thin-pool" });
  const thin = volume("thin", { segment_type: "thin", pool: "pool0" });
  const copy = volume("copy", { segment_type: "thin", pool: "pool0", origin: "thin" });

  expect(possible(volume("a"), [volume("a-snap", { origin: "a" })])).not.toContain("remove");
  expect(possible(pool, [thin])).not.toContain("remove");
  expect(possible(pool)).toContain("remove");
  expect(possible(thin, [copy])).toContain("remove");
});

test("a pool is as full as the fuller of its data and its metadata", () => {
  const pool = volume("pool0", {
    segment_type: "thin-pool",
    data_basis_points: 1000,
    metadata_basis_points: 9600,
  });

  expect(fillOf(pool)).toEqual({ data: 0.1, metadata: 0.96, level: "full" });
  expect([0.79, 0.8, 0.94, 0.95].map(levelOf)).toEqual(["fine", "filling", "filling", "full"]);
  expect(promisedBytes(pool, [volume("t", { pool: "pool0", size_bytes: 7 }), pool])).toBe(7);
});

test("a volume grows only to more than it has and no more than there is", () => {
  expect(growError("", GIB, 2 * GIB)).toBeNull();
  expect(growError("2 GiB", GIB, 2 * GIB)).toBeNull();
  expect(growError("1 GiB", GIB, 2 * GIB)).toContain("already");
  expect(growError("3 GiB", GIB, 2 * GIB)).toContain("More than");
  expect(growError("3 GiB", GIB, null)).toBeNull();
});

test("each image is listed once, a volume by its id", () => {
  const shared = vm("b", "/vm/a.qcow2");
  const images = imagesOf(
    [vm("a", "/vm/a.qcow2"), shared, vm("c", "/dev/vg0/root")],
    [volume("root")],
  );

  expect(images.map(({ at }) => at)).toEqual([{ path: "/vm/a.qcow2" }, { volume: "uuid-root" }]);
  expect(images.map(({ vm }) => vm.name)).toEqual(["a", "c"]);
});

test("the verdict of an image is the newest of its own, and that of a copy is not it", () => {
  const judged = (verdict: string) => ({ verdict, format: "qcow2", convertible: true });
  const done = (id: string, kind: string, path: string, verdict: string, hour: number) =>
    ({
      id,
      kind,
      operation: { kind, image: { path } },
      result: judged(verdict),
      ended_at: `2026-11-24T${hour}:00:00.000Z`,
    }) as unknown as Operation;

  const verdicts = lastVerdicts([
    done("1", "image_check", "/vm/a", "corrupt", 10),
    done("2", "image_inspect", "/vm/a", "ok", 12),
    done("3", "image_check", "/vm/a", "leaks", 11),
    done("4", "image_repair", "/vm/a", "unclean", 13),
    done("5", "image_check", "/vm/b", "encrypted", 10),
  ]);

  expect(verdicts.get("path /vm/a")).toMatchObject({
    operation: "2",
    judgement: { verdict: "ok" },
  });
  expect(verdicts.get("path /vm/b")?.judgement.verdict).toBe("encrypted");
});
