import { expect, test } from "vitest";

import { askedRows, configOf } from "../../src/features/operations/asked";

test("what was asked is told by names and with units, down to its parts", () => {
  const restore = {
    kind: "backup_restore",
    drive: "d",
    vm: "7",
    to: { folder: { path: "/vm/back" } },
  } as const;
  const create = { kind: "volume_create", volume_group: "vg0", name: "a", size_bytes: 2 ** 30 };

  expect(askedRows(restore, [{ id: "7", name: "pbx" }])).toEqual([
    ["drive", "d"],
    ["vm", "pbx"],
    ["to: folder: path", "/vm/back"],
  ]);
  expect(askedRows(create as Parameters<typeof askedRows>[0])).toEqual([
    ["volume group", "vg0"],
    ["name", "a"],
    ["size", "1 GiB"],
  ]);
});

test("lists are one row, and an empty one is none", () => {
  const change = {
    kind: "vm_change",
    vm: "7",
    remove_disks: ["xvdb", "xvdc"],
    add_nics: [{ bridge: "br0", model: "e1000" }],
    add_disks: [],
  } as const;

  expect(askedRows(change as unknown as Parameters<typeof askedRows>[0])).toEqual([
    ["vm", "7"],
    ["remove disks", "xvdb; xvdc"],
    ["add nics", "bridge br0, model e1000"],
  ]);
});

test("a pasted configuration is no row but a text of its own", () => {
  const config = "name = 'a'\nmemory = 64\n";
  const create = { kind: "vm_create", from: { config } } as const;

  expect(askedRows(create)).toEqual([]);
  expect(configOf(create)).toBe(config);
  expect(configOf({ kind: "usb_list" })).toBeNull();
});
