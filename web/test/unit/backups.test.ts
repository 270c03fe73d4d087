import { expect, test } from "vitest";

import { backupDrives, isDriveAt, driveAt, setState } from "../../src/api/backups";
import type { SetSummary, UsbDrive } from "../../src/api/types";

const at = "2026-11-24T12:00:00.000Z";
const set = (rest: Partial<SetSummary>): SetSummary => ({
  set: "s",
  created_at: at,
  vms: [],
  ...rest,
});

const drive = (path: string, serial: string | null, use: UsbDrive["use"]): UsbDrive => ({
  path,
  size_bytes: 64,
  hardware: { vendor_id: "0781", product_id: "5581", serial },
  identity: { vendor_id: "0781", product_id: "5581", size_bytes: 64 },
  mounted_at: [],
  partitions: [],
  read_only: false,
  table: "none",
  use,
});

test("only what was read back, is whole and still there counts as verified", () => {
  const sealed = { sealed_at: at };
  const verified = { ...sealed, verified_at: at };

  expect(setState(set({}))).toBe("unfinished");
  expect(setState(set(sealed))).toBe("unverified");
  expect(setState(set(verified))).toBe("verified");
  expect(setState(set({ ...verified, troubles: ["a frame is lost"] }))).toBe("damaged");
  expect(setState({ ...set(verified), gone_at: at })).toBe("gone");
});

test("two drives that say that they are the same are both no place for a backup", () => {
  const ours = (path: string, id: string) => drive(path, path, { kind: "ours", drive: id });
  const [one, two, three] = [ours("/dev/sdb", "1"), ours("/dev/sdc", "1"), ours("/dev/sdd", "2")];
  const empty = drive("/dev/sde", null, { kind: "empty" });

  expect(backupDrives([one, two, three, empty])).toEqual([three]);
});

test("a drive is known again by its serial number, and by its place only where it has none", () => {
  const numbered = drive("/dev/sdb", "A1", { kind: "empty" });
  const plain = drive("/dev/sdb", null, { kind: "empty" });

  expect(isDriveAt({ ...numbered, path: "/dev/sdc" }, driveAt(numbered))).toBe(true);
  expect(isDriveAt(plain, driveAt(numbered))).toBe(false);
  expect(isDriveAt(plain, driveAt(plain))).toBe(true);
  expect(isDriveAt({ ...plain, path: "/dev/sdc" }, driveAt(plain))).toBe(false);
});
