// What only one operation at a time may hold on an appliance, as the server judges it too: here it
// is worked out so that a button can say beforehand why it would be refused.
import type { NewDisk, Operation, OperationRequest } from "../../api/types";
import { operationTitle } from "../../ui/format";

export type Lock = "power" | "storage" | "usb" | "os" | `vm:${string}`;

function locksOf(operation: OperationRequest): readonly Lock[] {
  switch (operation.kind) {
    case "vm_console_log":
    case "image_check":
    case "image_inspect":
    case "usb_list":
    case "debug_bundle":
    case "mitigation_check":
    case "unknown":
      return [];
    case "mitigation_apply":
    case "mitigation_revert":
      return operation.dry_run ? [] : ["os"];
    case "stress_run":
    case "appliance_reboot":
      return ["power"];
    case "migration_preflight":
    case "usb_qualify":
    case "usb_prepare":
    case "backup_list":
    case "backup_verify":
    case "backup_prune":
    case "backup_import":
      return ["usb"];
    case "backup_compare":
      return ["usb", ...(operation.vm ? [`vm:${operation.vm}` as const] : [])];
    case "backup_create":
      return ["usb", ...(operation.vms ?? []).map((vm) => `vm:${vm}` as const)];
    case "backup_restore":
      return ["usb", "storage", `vm:${operation.vm}`];
    case "vm_create": {
      const disks = "form" in operation.from ? operation.from.form.disks : [];
      const vm = operation.vm ? [`vm:${operation.vm}` as const] : [];
      return [...vm, ...storageFor(disks)];
    }
    case "vm_change":
      return [`vm:${operation.vm}`, ...storageFor(operation.add_disks)];
    case "vm_remove":
      return [
        `vm:${operation.vm}`,
        ...(operation.disks === "remove" ? (["storage"] as const) : []),
      ];
    default:
      return "vm" in operation ? [`vm:${operation.vm}`] : ["storage"];
  }
}

function storageFor(disks: readonly NewDisk[] | undefined): readonly Lock[] {
  const makesVolumes = (disks ?? []).some(({ source }) => {
    return typeof source === "object" && "new_volume" in source;
  });
  return makesVolumes ? ["storage"] : [];
}

/** The operation under way that `wanted` would have to wait for. */
export function holderOf(wanted: Lock, active: readonly Operation[]): Operation | undefined {
  return active.find(({ operation }) =>
    locksOf(operation).some((held) => held === wanted || held === "power" || wanted === "power"),
  );
}

/** Why what needs `wanted` has to wait; nothing where it need not. */
export function heldReason(wanted: Lock, active: readonly Operation[]): string | null {
  const holder = holderOf(wanted, active);
  return holder ? `${operationTitle(holder.kind)} is under way.` : null;
}
