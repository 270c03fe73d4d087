// What is to be thought of drives and backup sets, worked out from what was told of them; and the
// key of a set.
import { answered, api } from "./client";
import type { BackupSet, DriveAt, SetSummary, UsbDrive } from "./types";

export type SetState = "verified" | "damaged" | "unverified" | "unfinished" | "gone";

/** Only what was read back, every byte of it, and is still there is a backup. */
export function setState(set: SetSummary & Partial<Pick<BackupSet, "gone_at">>): SetState {
  if (set.gone_at) return "gone";
  if ((set.troubles ?? []).length > 0) return "damaged";
  if (!set.sealed_at) return "unfinished";
  return set.verified_at ? "verified" : "unverified";
}

/** The size of the disks in a set, as the guests see them. */
export function setBytes(set: SetSummary): number {
  return set.vms.flatMap((vm) => vm.disks).reduce((sum, disk) => sum + disk.virtual_bytes, 0);
}

/** What is said of a drive so that no other is taken for it. */
export function driveAt({ path, size_bytes, hardware }: UsbDrive): DriveAt {
  return { path, size_bytes, ...(hardware.serial ? { serial: hardware.serial } : {}) };
}

/** What is typed before a drive is erased: its serial number, or its device where it has none. */
export function consentOf(drive: UsbDrive): string {
  return drive.hardware.serial ?? drive.path;
}

/** As a person finds it on their desk. */
export function driveTitle({ hardware, path }: UsbDrive): string {
  const words = [hardware.vendor, hardware.model].filter((word) => word).join(" ");
  return words === "" ? path : words;
}

/** Whether `drive` is the one that was meant. */
export function isDriveAt(drive: UsbDrive, meant: DriveAt): boolean {
  const here = driveAt(drive);
  const hasSerial = Boolean(here.serial ?? meant.serial);
  return (
    here.size_bytes === meant.size_bytes &&
    (hasSerial ? here.serial === meant.serial : here.path === meant.path)
  );
}

/** The drive's id, where it is one of ours. */
export function oursId({ use }: UsbDrive): string | null {
  return use.kind === "ours" ? use.drive : null;
}

/** Drives that backups can go to: ours, and no two that say that they are the same. */
export function backupDrives(drives: readonly UsbDrive[]): readonly UsbDrive[] {
  const ids = drives.map(oursId);
  return drives.filter((drive) => {
    const id = oursId(drive);
    return id !== null && ids.indexOf(id) === ids.lastIndexOf(id);
  });
}

/** The key of an encrypted set. It is put on record who asked. */
export function keyOfSet(id: string) {
  return answered(api.POST("/api/v1/backup-sets/{id}/key", { params: { path: { id } } }));
}
