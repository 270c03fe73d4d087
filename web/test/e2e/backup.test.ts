// A VM of a simulated appliance is backed up onto its made-up drive. The set, its verification and
// what is restored are real: they are files of this machine.
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";

import type { Operation } from "../../src/api/types";
import { at, launch, settled } from "./browser";
import { eventually, get } from "./fleet";
import { backUp, prepare, sets, stage } from "./stage";

let browser: Browser;
beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser.close());

test("a VM is backed up, seen to be verified, and restored as it was", async () => {
  const { page, context, faults } = await at(browser, "/appliances");
  const set = await stage(context, /^4C53/);
  await page.goto(`/appliances/${set.appliance.id}/backups`);
  await settled(page);
  await page.getByText("whoever holds one holds all", { exact: false }).waitFor();

  await prepare(page, set);
  await backUp(page, set);
  const row = page.getByRole("region", { name: "Backup sets" }).locator("tbody tr").first();
  await row.getByText("Verified", { exact: true }).waitFor({ timeout: 90_000 });
  const restore = row.getByRole("button", { name: "Restore archive" });
  await expect.poll(() => restore.getAttribute("aria-disabled"), { timeout: 60_000 }).toBeNull();
  const place = await mkdtemp(join(tmpdir(), "domfleet-restored-"));
  const folder = join(place, "back");
  await restore.click();
  const dialog = page.getByRole("dialog", { name: "Restore a VM" });
  const intoFolder = dialog.getByLabel("New files in a folder");
  await intoFolder.check();
  await dialog.getByLabel("Folder", { exact: true }).fill(folder);
  await dialog.getByRole("button", { name: "Restore" }).click();
  await page.getByText("Restore VM: archive — asked").waitFor();
  await page.getByRole("link", { name: "Show operation" }).last().click();
  await page.getByRole("heading", { level: 1, name: "Restore VM" }).waitFor();
  await page.locator("main").getByText("Succeeded").first().waitFor({ timeout: 90_000 });

  const files = await readdir(folder);
  const disk = files.find((file) => file.endsWith(".raw") || file.endsWith(".img"));
  const [before, after] = await Promise.all([
    readFile(set.vm.disks[0]?.target ?? ""),
    readFile(join(folder, disk ?? "none of them is a disk")),
  ]);
  await rm(place, { recursive: true });
  expect(before.equals(after)).toBe(true);
  expect(faults).toEqual([]);
  await context.close();
});

test("a set is in the fleet's list with its appliance, and verified again on demand", async () => {
  const { page, context, faults } = await at(browser, "/appliances");
  const set = await stage(context, /^4C53/);
  await page.goto(`/appliances/${set.appliance.id}/backups`);
  await settled(page);
  await prepare(page, set);
  await backUp(page, set);
  const first = await eventually("the set is verified", async () => {
    return (await sets(context, set.appliance)).find(({ verified_at }) => verified_at);
  });

  await page.getByRole("link", { name: "Backups", exact: true }).first().click();
  await page.getByRole("heading", { level: 1, name: "Backups" }).waitFor();
  await page.getByLabel("Appliance").fill(set.appliance.name);
  await page.waitForURL(/appliance=/);
  const table = page.getByRole("region", { name: "Backup sets", exact: true });
  const row = table.getByRole("row", { name: new RegExp(set.appliance.name) });
  await row.getByText("Verified", { exact: true }).waitFor();
  await row.getByRole("link", { name: set.appliance.name }).click();
  const verify = page.getByRole("button", { name: "Verify archive" });
  await expect.poll(() => verify.getAttribute("aria-disabled"), { timeout: 60_000 }).toBeNull();
  await verify.click();

  const again = await eventually("it is verified again", async () => {
    const found = (await sets(context, set.appliance)).find((other) => other.set === first.set);
    return found?.verified_at && found.verified_at > (first.verified_at ?? "") ? found : undefined;
  });
  expect(again.troubles ?? []).toEqual([]);
  expect(faults).toEqual([]);
  await context.close();
});

test("a drive that lies about its size is told to be unfit, where it is seen and before it is used", async () => {
  const { page, context } = await at(browser, "/appliances");
  const { appliance, drive } = await stage(context, /^FAKE/);
  const name = `Ultra ${drive.hardware.serial}`;
  await page.goto(`/appliances/${appliance.id}/backups`);
  await settled(page);

  await page.getByRole("button", { name: `More for ${name}` }).click();
  await page.getByRole("menuitem", { name: "Qualify…" }).click();
  await page.getByRole("button", { name: "Qualify", exact: true }).click();
  const row = page.getByRole("row", { name: new RegExp(drive.hardware.serial ?? "") });
  await row.getByText("Not fit for backups").waitFor({ timeout: 90_000 });
  await row.getByText("really holds 8 GiB").waitFor();
  const prepareIt = page.getByRole("button", { name: `Prepare ${name}` });
  await expect.poll(() => prepareIt.getAttribute("aria-disabled"), { timeout: 60_000 }).toBeNull();
  await prepareIt.click();

  await page.getByRole("alertdialog").getByText("Not fit for backups").waitFor();
  await context.close();
});

test("an image is checked, and its last verdict stays beside it", async () => {
  const { page, context, faults } = await at(browser, "/appliances");
  const { appliance, vm } = await stage(context, /^4C53/);
  const target = vm.disks[0]?.target ?? "";
  await page.goto(`/appliances/${appliance.id}/storage`);
  await settled(page);
  const row = page.getByRole("row", { name: new RegExp(target.replaceAll(/[.+]/g, "\\$&")) });
  await row.getByText("never checked").waitFor();

  // By keyboard, as everything has to be.
  const check = page.getByRole("button", { name: `Check ${target}`, exact: true });
  await check.focus();
  await page.keyboard.press("Enter");

  await row.getByText("Cannot be checked").waitFor({ timeout: 90_000 });
  await page.reload();
  await row.getByText("Cannot be checked").waitFor();
  await row.getByRole("link").first().click();
  await page.getByRole("heading", { level: 1, name: "Check image" }).waitFor();
  const { operations } = await get<{ operations: Operation[] }>(
    context,
    `/operations?appliance=${appliance.id}&kind=image_check`,
  );
  expect(operations[0]?.state).toBe("succeeded");
  expect(faults).toEqual([]);
  await context.close();
});
