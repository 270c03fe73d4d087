import { expect, test } from "vitest";

import type { Operation, OperationRequest, UsbDrive } from "../../src/api/types";
import {
  driveReason,
  isAbout,
  lastQualification,
  touchReason,
} from "../../src/features/appliance/drives";
import { filterOf, summary } from "../../src/features/backups/BackupsPage";

const drive = (path: string, serial: string, use: UsbDrive["use"]): UsbDrive => ({
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
const stick = drive("/dev/sdb", "A1", { kind: "ours", drive: "d1" });
const qualify = (serial: string): OperationRequest => ({
  kind: "usb_qualify",
  mode: "quick",
  drive: { path: "/dev/sdx", size_bytes: 64, serial },
});
const done = (id: string, serial: string, isFit: boolean, hour: string) =>
  ({
    id,
    kind: "usb_qualify",
    operation: qualify(serial),
    result: { is_fit: isFit },
    ended_at: `2026-11-24T${hour}:00:00.000Z`,
  }) as unknown as Operation;

test("an operation is about a drive by its serial number or by its id, wherever it is plugged in", () => {
  expect(isAbout(qualify("A1"), stick)).toBe(true);
  expect(isAbout(qualify("A2"), stick)).toBe(false);
  expect(isAbout({ kind: "backup_verify", drive: "d1" }, stick)).toBe(true);
  expect(isAbout({ kind: "backup_verify", drive: "d2" }, stick)).toBe(false);
  expect(isAbout({ kind: "usb_list" }, stick)).toBe(false);
});

test("the last qualification of a drive is the newest of its own", () => {
  const all = [
    done("1", "A1", true, "10"),
    done("2", "A1", false, "12"),
    done("3", "B", true, "13"),
  ];

  expect(lastQualification(stick, all)).toMatchObject({
    operation: "2",
    qualification: { isFit: false },
  });
  expect(lastQualification(stick, [])).toBeNull();
});

test("a drive that is away or there twice is worked with by nobody", () => {
  const twin = { ...stick, path: "/dev/sdc" };

  expect(driveReason("d1", [stick])).toBeNull();
  expect(driveReason("d2", [stick])).toBe("Its drive is not plugged in.");
  expect(driveReason("d1", [stick, twin])).toContain("unplug one of them");
});

test("what the appliance itself works with is not touched", () => {
  const system = drive("/dev/sda", "S", { kind: "system", reason: "/boot is on it" });

  expect(touchReason(system)).toBe("The appliance works with it: /boot is on it");
  expect(touchReason({ ...stick, read_only: true })).toBe("It cannot be written to.");
  expect(touchReason(stick)).toBeNull();
});

test("a filter for an appliance holds nothing that would end its text", () => {
  expect(filterOf("")).toBe("");
  expect(filterOf(' pbx" x ')).toBe('appliance~"pbx x"');
  expect(filterOf("", "damaged")).toBe("state=damaged");
  expect(filterOf("pbx", "verified")).toBe('appliance~"pbx" state=verified');
  expect(filterOf("", "nonsense")).toBe("");
});

test("sets that are no backups are counted apart", () => {
  const at = "2026-11-24T12:00:00.000Z";
  const row = { set: "s", created_at: at, vms: [], sealed_at: at } as never as Parameters<
    typeof summary
  >[0][number];

  expect(summary([{ ...row, verified_at: at }], 1)).toBe("1 set");
  expect(summary([{ ...row, verified_at: at }, row], 2)).toBe("2 sets, 1 not verified");
  expect(summary([row], 7)).toBe("7 sets, of the 1 shown 1 not verified");
});
