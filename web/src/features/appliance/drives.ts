// Which drive operations are about, and what was last found out about each.
import { backupDrives, isDriveAt, oursId } from "../../api/backups";
import { qualificationOf, type Qualification } from "../../api/results";
import type { BackupSet, Operation, OperationRequest, UsbDrive, Vm } from "../../api/types";

/** Whether an operation works on that drive. */
export function isAbout(operation: OperationRequest, drive: UsbDrive): boolean {
  switch (operation.kind) {
    case "usb_qualify":
    case "usb_prepare":
      return isDriveAt(drive, operation.drive);
    case "backup_list":
    case "backup_create":
    case "backup_verify":
    case "backup_restore":
    case "backup_compare":
    case "backup_prune":
    case "backup_import":
      return operation.drive === oursId(drive);
    default:
      return false;
  }
}

export interface LastQualification {
  readonly qualification: Qualification;
  readonly at: string;
  readonly operation: string;
}

/** What a drive last proved to be worth; nothing where it was never tried. */
export function lastQualification(
  drive: UsbDrive,
  done: readonly Operation[],
): LastQualification | null {
  const tried = done
    .filter(({ operation, ended_at }) => ended_at && isAbout(operation, drive))
    .toSorted((a, b) => Date.parse(b.ended_at ?? "") - Date.parse(a.ended_at ?? ""));
  for (const { id, kind, result, ended_at } of tried) {
    const qualification = kind === "usb_qualify" ? qualificationOf(result) : null;
    if (qualification) return { qualification, at: ended_at ?? "", operation: id };
  }
  return null;
}

/** Why backups on the drive of that id cannot be worked with; nothing where they can. */
export function driveReason(id: string, drives: readonly UsbDrive[]): string | null {
  if (backupDrives(drives).some((drive) => oursId(drive) === id)) return null;
  if (!drives.some((drive) => oursId(drive) === id)) return "Its drive is not plugged in.";
  return "Two drives say that they are this one: unplug one of them.";
}

/** Why a set cannot be held against its disks: what a VM has not written yet is on none. */
export function runsReason(set: Pick<BackupSet, "vms">, vms: readonly Vm[]): string | null {
  const running = set.vms.find(({ uuid }) => {
    return vms.some((vm) => vm.uuid === uuid && vm.state !== "off");
  });
  return running ? `${running.name} runs: shut it down first.` : null;
}

/** Why a drive is not to be tried or prepared. */
export function touchReason(drive: UsbDrive): string | null {
  if (drive.use.kind === "system") return `The appliance works with it: ${drive.use.reason}`;
  return drive.read_only ? "It cannot be written to." : null;
}
