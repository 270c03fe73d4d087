import { expect, test } from "vitest";

import type { Vm } from "../../src/api/types";
import { changeOf } from "../../src/features/appliance/ChangeVm";
import { pathError, vmNameError, volumeNameError } from "../../src/features/appliance/names";
import { draftDisk, freeVdev, newDiskOf } from "../../src/features/appliance/newDisk";
import { newNicOf } from "../../src/features/appliance/newNic";

test("names that LVM keeps for itself or Xen takes for a number are told before they are sent", () => {
  for (const name of [".", "..", "-x", "a/b", "a b", "snapshot1", "pvmove0", "x_tdata"]) {
    expect(volumeNameError(name), name).not.toBeNull();
  }
  for (const name of ["", "pbx-root", "win.disk0", "_x", "a+b"]) {
    expect(volumeNameError(name), name).toBeNull();
  }
  for (const name of ["..", "a/b", "-rf", "17", "Domain-0", "a".repeat(65)]) {
    expect(vmNameError(name), name).not.toBeNull();
  }
  for (const name of ["pbx", "win10.2", "7of9"]) expect(vmNameError(name), name).toBeNull();
});

test("only absolute paths that go straight down name an image", () => {
  for (const path of ["disk", "../x", "/vm/../etc/x", "/vm/./x", "/"]) {
    expect(pathError(path), path).not.toBeNull();
  }
  for (const path of ["/vm/pbx.qcow2", "/vm/a b", "/vm/..x"]) expect(pathError(path)).toBeNull();
});

test("a disk is asked for once all of it is said", () => {
  const draft = draftDisk(1, freeVdev(["xvda"]), "new_volume", "vg0");

  expect(newDiskOf(draft)).toBeNull();
  expect(newDiskOf({ ...draft, name: "data" })).toBeNull();
  expect(newDiskOf({ ...draft, name: "data", size: "20 GiB", pool: "pool0" })).toEqual({
    vdev: "xvdb",
    source: {
      new_volume: {
        volume_group: "vg0",
        name: "data",
        size_bytes: 20 * 2 ** 30,
        thin_pool: "pool0",
      },
    },
    writable: true,
  });
  expect(newDiskOf({ ...draft, kind: "path", path: "a.raw" })).toBeNull();
  expect(newDiskOf({ ...draft, kind: "cdrom" })).toMatchObject({ source: "empty", cdrom: true });
});

test("a card says only what was filled in, and none with half an address is asked for", () => {
  expect(newNicOf({ key: 1, bridge: "", mac: "", model: "" })).toEqual({});
  expect(newNicOf({ key: 1, bridge: "br0", mac: "00:16:3E:00:00:01", model: "" })).toEqual({
    bridge: "br0",
    mac: "00:16:3e:00:00:01",
  });
  expect(newNicOf({ key: 1, bridge: "br0", mac: "00:16", model: "" })).toBeNull();
});

test("a change says only what changes, and nothing changed is no change", () => {
  const vm = { uuid: "1", disks: [], macs: [] } as unknown as Vm;
  const none = { memory: null, vcpus: null, lostDisks: [], lostNics: [], disks: [], nics: [] };

  expect(changeOf(vm, none)).toBeNull();
  expect(changeOf(vm, { ...none, memory: 512 })).toEqual({
    kind: "vm_change",
    vm: "1",
    memory_mib: 512,
  });
  expect(changeOf(vm, { ...none, memory: 0.5 })).toBeNull();
  expect(changeOf(vm, { ...none, memory: 512, disks: [null] })).toBeNull();
  expect(changeOf(vm, { ...none, lostDisks: ["xvdb"] })).toMatchObject({ remove_disks: ["xvdb"] });
});
