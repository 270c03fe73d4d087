// A schedule is written, says what it chooses and when, and is paused and removed.
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";

import type { BackupSchedule } from "../../src/api/types";
import { at, launch, settled } from "./browser";
import { get } from "./fleet";

let browser: Browser;
beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser.close());

test("a schedule says before it is made what it would do, and can be paused and removed", async () => {
  const { page, context, faults } = await at(browser, "/schedules");
  const name = `nightly ${Date.now()}`;
  const made = async () => {
    const { schedules } = await get<{ schedules: BackupSchedule[] }>(context, "/backup-schedules");
    return schedules.find(({ plan }) => plan.name === name);
  };
  await page.getByRole("button", { name: "New schedule" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Name").fill(name);
  await dialog.getByLabel("Time", { exact: true }).fill("03:15");
  await dialog.getByLabel("Saturday").check();
  await dialog.getByText(/It chooses \d+ appliances? now/).waitFor();
  await dialog.getByText("UTC", { exact: false }).first().waitFor();
  await dialog.getByRole("button", { name: "Make it" }).click();
  await dialog.waitFor({ state: "detached" });

  const card = page
    .getByRole("region")
    .or(page.locator("section"))
    .filter({ hasText: name })
    .last();
  await card.getByText("on Saturday at 03:15", { exact: false }).waitFor();
  await card.getByText("No time of it has come yet").waitFor();
  await card.getByRole("button", { name: "Pause" }).click();
  await card.getByRole("button", { name: "Go on" }).waitFor();
  expect((await made())?.paused).toBe(true);
  await card.getByRole("button", { name: "Remove" }).click();
  await page.getByRole("alertdialog").getByRole("button", { name: "Remove it" }).click();
  await card.waitFor({ state: "detached" });

  expect(await made()).toBeUndefined();
  await settled(page);
  expect(faults).toEqual([]);
  await context.close();
});
