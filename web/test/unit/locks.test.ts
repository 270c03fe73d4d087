import { expect, test } from "vitest";

import type { Operation, OperationRequest } from "../../src/api/types";
import { heldReason } from "../../src/features/appliance/locks";

const active = (...asked: OperationRequest[]) => {
  return asked.map((operation) => ({ kind: operation.kind, operation }) as Operation);
};

test("a VM waits for what is done to it, and not for what is done to others", () => {
  const busy = active({ kind: "vm_reboot", vm: "1" });

  expect(heldReason("vm:1", busy)).toBe("Reboot VM is under way.");
  expect(heldReason("vm:2", busy)).toBeNull();
  expect(heldReason("storage", busy)).toBeNull();
});

test("a reboot of the appliance waits for everything, and everything for it", () => {
  const reboot = active({ kind: "appliance_reboot" });

  expect(heldReason("vm:1", reboot)).toBe("Reboot appliance is under way.");
  expect(heldReason("storage", reboot)).toBe("Reboot appliance is under way.");
  expect(heldReason("power", active({ kind: "vm_start", vm: "1" }))).toBe("Start VM is under way.");
});

test("collecting debug files holds nothing up", () => {
  expect(heldReason("power", active({ kind: "debug_bundle", bundle: "1" }))).toBeNull();
});

test("a backup holds its VMs and the drives, and a restore the storage too", () => {
  const backup = active({ kind: "backup_create", drive: "d", vms: ["1"] });
  const restore = active({
    kind: "backup_restore",
    drive: "d",
    vm: "1",
    to: { volume_group: "vg0" },
  });

  expect(heldReason("vm:1", backup)).toBe("Back up VMs is under way.");
  expect(heldReason("usb", backup)).not.toBeNull();
  expect(heldReason("storage", backup)).toBeNull();
  expect(heldReason("storage", restore)).not.toBeNull();
});

test("what only reads holds nothing", () => {
  const reading = active(
    { kind: "vm_console_log", vm: "1" },
    { kind: "image_check", image: { path: "/a" } },
    { kind: "usb_list" },
  );

  expect(heldReason("vm:1", reading)).toBeNull();
  expect(heldReason("storage", reading)).toBeNull();
  expect(heldReason("power", reading)).toBeNull();
});

test("a VM with a new volume waits for storage", () => {
  const source = { new_volume: { volume_group: "vg0", name: "a", size_bytes: 1 } };
  const change = active({ kind: "vm_change", vm: "1", add_disks: [{ vdev: "xvdb", source }] });

  expect(heldReason("storage", change)).toBe("Change VM is under way.");
  expect(heldReason("storage", active({ kind: "vm_change", vm: "1", vcpus: 2 }))).toBeNull();
});
