// An appliance with a VM whose disk is a file of this machine, and with a made-up drive.
import type { BrowserContext, Page } from "playwright-core";
import { expect } from "vitest";

import type { Appliance, BackupSet, UsbDrive, Vm } from "../../src/api/types";
import { eventually, get, online } from "./fleet";

export interface Stage {
  readonly appliance: Appliance;
  readonly drive: UsbDrive;
  /** The VM whose disk is a file of this machine. */
  readonly vm: Vm;
}

/** An appliance with an empty drive and a VM that is off and has a real disk. */
export function stage(context: BrowserContext, serial: RegExp): Promise<Stage> {
  return eventually("an appliance with an empty drive and a VM to back up", async () => {
    for (const appliance of await online(context)) {
      const path = `/appliances/${appliance.id}`;
      const { drives } = await get<{ drives: UsbDrive[] }>(context, `${path}/usb-drives`);
      const { vms } = await get<{ vms: Vm[] }>(context, `${path}/vms`);
      const drive = drives.find(
        ({ use, hardware }) => use.kind === "empty" && serial.test(hardware.serial ?? ""),
      );
      const vm = vms.find(({ name, state }) => name === "archive" && state === "off");
      if (drive && vm) return { appliance, drive, vm };
    }
    return undefined;
  });
}

export function sets(context: BrowserContext, appliance: Appliance): Promise<BackupSet[]> {
  const path = `/backup-sets?appliance=${appliance.id}`;
  return get<{ sets: BackupSet[] }>(context, path).then((page) => page.sets);
}

export async function prepare(page: Page, { drive }: Stage): Promise<void> {
  const serial = drive.hardware.serial ?? "";
  await page.getByRole("button", { name: `Prepare Ultra ${serial}` }).click();
  const dialog = page.getByRole("alertdialog");
  await dialog.getByText("not encrypted").waitFor();
  await dialog.getByLabel(`Type ${serial} to confirm`).fill(serial);
  await dialog.getByRole("button", { name: "Prepare" }).click();
  const backUp = page.getByRole("button", { name: `Back up to Ultra ${serial}` });
  await backUp.waitFor({ timeout: 90_000 });
  await expect.poll(() => backUp.getAttribute("aria-disabled"), { timeout: 60_000 }).toBeNull();
}

export async function backUp(page: Page, { drive, vm }: Stage, option?: string): Promise<void> {
  await page.getByRole("button", { name: `Back up to Ultra ${drive.hardware.serial}` }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel(vm.name).waitFor();
  for (const box of await dialog.getByRole("checkbox").all()) await box.uncheck();
  await dialog.getByLabel(vm.name).check();
  if (option) await dialog.getByLabel(option).check();
  await dialog.getByRole("button", { name: "Back up 1 VM" }).click();
  await dialog.waitFor({ state: "detached" });
}
