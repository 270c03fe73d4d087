import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";

import type { Bulk, Operation } from "../../src/api/types";
import { at, launch } from "./browser";
import { eventually, get, online } from "./fleet";

let browser: Browser;
beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser.close());

test("what is asked of a selection is tried out first, and then seen through at each", async () => {
  const { page, context, faults } = await at(browser, "/appliances?q=presence%3Donline");
  await online(context);
  const rows = page.getByRole("grid").locator("[data-row]");
  await rows.nth(1).waitFor();

  // By keyboard: the first two rows, then what is asked of them.
  await rows.first().focus();
  await page.keyboard.press("x");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("x");
  await page.getByText("2 selected").waitFor();
  await page.getByRole("button", { name: "Act on them…" }).focus();
  await page.keyboard.press("Enter");
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("What", { exact: true }).selectOption("usb_list");
  await dialog.getByRole("button", { name: "Try it out" }).click();
  await dialog.getByText("Of 2 appliances, 2 would be asked and 0 refused").waitFor();
  const path = "/operations?kind=usb_list&q=bulk!%3D%22%22";
  const before = await get<{ total: number }>(context, path);
  await dialog.getByRole("button", { name: "Ask 2 appliances" }).click();

  await page.getByRole("heading", { level: 1, name: "List USB drives on 2 appliances" }).waitFor();
  await page.getByText("2 of 2 are over", { exact: true }).waitFor({ timeout: 90_000 });
  const after = await get<{ total: number; operations: Operation[] }>(context, path);
  expect(after.total - before.total).toBe(2);
  const id = new URL(page.url()).pathname.split("/").at(-1);
  const bulk = await get<Bulk>(context, `/bulks/${id}`);
  expect(bulk.counts).toEqual({ succeeded: 2 });
  await page.getByRole("link", { name: "operation", exact: true }).first().click();
  await page.getByRole("link", { name: "Show all of them" }).waitFor();
  expect(faults).toEqual([]);
  await context.close();
});

test("who would be refused is told with why, and what ends something is typed first", async () => {
  const { page, context } = await at(browser, "/appliances");
  const appliances = await online(context);
  const name = appliances[0]?.name ?? "";
  await page.getByLabel("Search appliances").fill(name);
  await page.getByText("1 appliance matches").waitFor();

  await page.getByRole("button", { name: "Act on all 1…" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByText(`All that match: ${name}`).waitFor();
  await dialog.getByLabel("What", { exact: true }).selectOption("volume_create");
  await dialog.getByLabel("Volume group").fill("no-such-group");
  await dialog.getByLabel("Name").fill("data");
  await dialog.getByLabel("Size").fill("1 GiB");
  await dialog.getByRole("button", { name: "Try it out" }).click();
  await dialog.getByText("0 would be asked and 1 refused").waitFor();
  await dialog.getByText("no-such-group").waitFor();
  const go = dialog.getByRole("button", { name: "Ask 1 appliance" });
  expect(await go.getAttribute("aria-disabled")).toBe("true");
  await dialog.getByRole("button", { name: "Back" }).click();
  await dialog.getByLabel("What", { exact: true }).selectOption("appliance_reboot");
  await dialog.getByRole("button", { name: "Try it out" }).click();

  const question = page.getByRole("alertdialog");
  await question.getByLabel("Type 1 appliance to confirm").waitFor();
  const reboot = question.getByRole("button", { name: "Ask 1 appliance" });
  expect(await reboot.getAttribute("aria-disabled")).toBe("true");
  await page.keyboard.press("Escape");
  await question.waitFor({ state: "detached" });
  await context.close();
});

test("what has not begun anywhere is taken back at once", async () => {
  const { page, context, faults } = await at(browser, "/appliances");
  const name = await restarting(page, context);
  await page.goto(`/appliances?q=${encodeURIComponent(name)}`);
  await page.getByText("1 appliance matches").waitFor();

  await page.getByRole("button", { name: "Act on all 1…" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Try it out" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Ask 1 appliance" }).click();
  await page.getByRole("button", { name: "Cancel what has not begun" }).click();
  await page.getByRole("button", { name: "Cancel them" }).click();

  await page.getByText("1 of 1 are over", { exact: true }).waitFor({ timeout: 60_000 });
  await page
    .getByRole("row", { name: new RegExp(name) })
    .getByText("Cancelled")
    .waitFor();
  expect(faults).toEqual([]);
  await context.close();
});

/** One that restarts, and hears of nothing meanwhile. Some have frozen, and are taken for online a while longer. */
async function restarting(page: Page, context: BrowserContext): Promise<string> {
  for (const { id, name } of (await online(context)).toReversed()) {
    await page.goto(`/appliances/${id}`);
    await page.getByRole("button", { name: "Reboot" }).click();
    await page.getByLabel(`Type ${name} to confirm`).fill(name);
    await page.getByRole("alertdialog").getByRole("button", { name: "Reboot" }).click();
    const look = async () => {
      const { presence } = await get<{ presence: string }>(context, `/appliances/${id}`);
      return presence === "online" ? undefined : true;
    };
    if (await eventually("it is away", look, 25_000).catch(() => false)) return name;
  }
  throw new Error("none of them restarts");
}
