// What is done with backup sets that there are: held against their disks, removed, and not made at all.
import { randomBytes } from "node:crypto";
import { open, stat, truncate } from "node:fs/promises";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";

import type { Operation } from "../../src/api/types";
import { at, launch, settled } from "./browser";
import { eventually, get } from "./fleet";
import { backUp, prepare, sets, stage, type Stage } from "./stage";

let browser: Browser;
beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser.close());

function verified(context: BrowserContext, { appliance }: Stage, count: number) {
  return eventually(`${count} verified sets`, async () => {
    const found = (await sets(context, appliance)).filter(({ verified_at }) => verified_at);
    return found.length >= count ? found : undefined;
  });
}

/** Waits until the button can be pressed, and presses it. */
async function press(page: Page, name: string): Promise<void> {
  const button = page.getByRole("button", { name, exact: true }).first();
  await expect.poll(() => button.getAttribute("aria-disabled"), { timeout: 60_000 }).toBeNull();
  await button.click();
}

/** Opens the operation that was just asked for, of which the page says `what`. */
async function showOperation(page: Page, what: string): Promise<void> {
  await page.getByText(`${what} — asked`).last().waitFor();
  await page.getByRole("link", { name: "Show operation" }).last().click();
}

async function openDriveMenu(page: Page, { drive }: Stage, item: string): Promise<void> {
  await page.getByRole("button", { name: `More for Ultra ${drive.hardware.serial}` }).click();
  const entry = page.getByRole("menuitem", { name: item });
  await expect.poll(() => entry.getAttribute("aria-disabled"), { timeout: 60_000 }).toBeNull();
  await entry.click();
}

/** Asks for the key of that name, of which there is one on the page. */
async function showKey(page: Page, id: string): Promise<void> {
  await press(page, "Key of archive");
  const dialog = page.getByRole("dialog", { name: "Key of a backup set" });
  await dialog.getByText("It is put on record").waitFor();
  await dialog.getByRole("button", { name: "Show the key" }).click();
  await dialog.getByText(new RegExp(`^domfleet-key-1-[0-9a-f]{64}-${id}$`)).waitFor();
  await dialog.getByRole("button", { name: "Close" }).first().click();
  await dialog.waitFor({ state: "detached" });
}

test("a byte that was written since the backup is found, and old sets make room", async () => {
  const { page, context, faults } = await at(browser, "/appliances");
  const set = await stage(context, /^4C53/);
  const serial = set.drive.hardware.serial ?? "";
  await page.goto(`/appliances/${set.appliance.id}/backups`);
  await settled(page);
  await prepare(page, set);
  await backUp(page, set);
  await verified(context, set, 1);
  const disk = await open(set.vm.disks[0]?.target ?? "", "r+");
  await disk.write(Buffer.from([0xa5]), 0, 1, 12_345);
  await disk.close();

  await press(page, "Compare archive");
  await showOperation(page, "Compare backup: one set");
  await page.getByRole("heading", { level: 1, name: "Compare backup" }).waitFor();
  await page.locator("main").getByText("Not the same").waitFor({ timeout: 90_000 });
  await page.getByRole("cell", { name: /^differs in \d+ bytes/ }).waitFor();

  // A second set, so that the first need not be kept: first only said, then done. Encrypted, and its key
  // is had by whoever asks.
  await page.goto(`/appliances/${set.appliance.id}/backups`);
  await settled(page);
  const again = page.getByRole("button", { name: `Back up to Ultra ${serial}` });
  await expect.poll(() => again.getAttribute("aria-disabled"), { timeout: 60_000 }).toBeNull();
  await backUp(page, set, "Encrypt the set");
  const key = (await verified(context, set, 2)).find(({ key }) => key)?.key;
  await showKey(page, key?.id ?? "none");
  await openDriveMenu(page, set, "Make room…");
  const dialog = page.getByRole("dialog", { name: "Make room for backups" });
  await dialog.getByLabel("Newest sets").fill("1");
  for (const label of ["Days", "Weeks", "Months"]) await dialog.getByLabel(label).fill("0");
  await dialog.getByRole("button", { name: "Say what would be removed" }).click();
  await showOperation(page, `Make room for backups: Ultra ${serial}`);
  await page.getByText("1 set of 2 would be removed").waitFor({ timeout: 90_000 });
  await page.goto(`/appliances/${set.appliance.id}/backups`);
  await settled(page);
  await openDriveMenu(page, set, "Make room…");
  await dialog.getByLabel("Newest sets").fill("1");
  for (const label of ["Days", "Weeks", "Months"]) await dialog.getByLabel(label).fill("0");
  await dialog.getByLabel("Only say what would be removed").uncheck();
  const question = page.getByRole("alertdialog", { name: "Make room for backups" });
  const remove = question.getByRole("button", { name: "Remove them" });
  expect(await remove.getAttribute("aria-disabled")).toBe("true");
  await question.getByLabel(`Type ${serial} to confirm`).fill(serial);
  await remove.click();

  const left = await eventually("one set is gone", async () => {
    const found = await sets(context, set.appliance);
    return found.some(({ gone_at }) => gone_at) ? found : undefined;
  });
  expect(left.filter(({ gone_at }) => !gone_at)).toHaveLength(1);
  await page.getByText("Gone from the drive").first().waitFor();
  expect(faults).toEqual([]);
  await context.close();
});

/** Enough that somebody who changes their mind is in time. */
const LARGE = 2 * 1024 ** 3;

/** Fills the disk up to that size. It is closed again: what somebody writes to is not backed up. */
async function grow(target: string, from: number): Promise<void> {
  const disk = await open(target, "r+");
  const piece = randomBytes(32 * 1024 ** 2);
  for (let end = from; end < LARGE; end += piece.length)
    await disk.write(piece, 0, piece.length, end);
  await disk.close();
}

test("a backup that runs is stopped by whoever changes their mind, and is no backup", async () => {
  const { page, context, faults } = await at(browser, "/appliances");
  const set = await stage(context, /^4C53/);
  const target = set.vm.disks[0]?.target ?? "";
  const before = (await stat(target)).size;
  await grow(target, before);
  try {
    await page.goto(`/appliances/${set.appliance.id}/backups`);
    await settled(page);
    await prepare(page, set);
    await backUp(page, set);
    await showOperation(page, `Back up VMs: onto Ultra ${set.drive.hardware.serial}`);
    await page.getByRole("heading", { level: 1, name: "Back up VMs" }).waitFor();
    await page
      .getByRole("button", { name: /^Cancel/ })
      .first()
      .click();

    const main = page.locator("main");
    await main.getByText("it was stopped before it was finished").waitFor({ timeout: 90_000 });
    await main.getByText("Cancelled").first().waitFor();
    const path = `/operations?appliance=${set.appliance.id}&kind=backup_create`;
    const { operations } = await get<{ operations: Operation[] }>(context, path);
    expect(operations[0]?.state).toBe("cancelled");
    expect((await sets(context, set.appliance)).filter(({ verified_at }) => verified_at)).toEqual(
      [],
    );
    // What it held is free again.
    await page.goto(`/appliances/${set.appliance.id}/backups`);
    await settled(page);
    await openDriveMenu(page, set, "List its backup sets");
    await page.getByText("Not finished").first().waitFor({ timeout: 90_000 });
  } finally {
    await truncate(target, before);
  }
  expect(faults).toEqual([]);
  await context.close();
});
