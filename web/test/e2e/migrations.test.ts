// The pages of migrations. Other files share this server and may have started some: what is said here is
// said of a filter that nothing can match.
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";

import { at, launch, settled } from "./browser";

let browser: Browser;
beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser.close());

const NOBODY = "no-appliance-has-this-name";

test("a filter that nothing matches says so in its address, and is taken away again", async () => {
  const { page, context, faults } = await at(browser, "/migrations");
  await page.getByRole("heading", { level: 1, name: "Migrations" }).waitFor();

  await page.getByLabel("Appliance").fill(NOBODY);
  await page.waitForURL(new RegExp(`appliance=${NOBODY}`));
  await page.getByText("No such migration is known").waitFor();
  await page.getByLabel("Phase").selectOption("needs_hands");
  await page.waitForURL(/state=needs_hands/);
  await page.reload();
  await settled(page);
  expect(await page.getByLabel("Appliance").inputValue()).toBe(NOBODY);
  expect(await page.getByLabel("Phase").inputValue()).toBe("needs_hands");
  await page.getByText("No such migration is known").waitFor();
  await page.getByRole("button", { name: "Show all" }).click();

  await expect.poll(() => new URL(page.url()).search).toBe("");
  expect(await page.getByLabel("Appliance").inputValue()).toBe("");
  expect(faults).toEqual([]);
  await context.close();
});

test("the migrations are found by keyboard, and a wrong address says what to do", async () => {
  const { page, context } = await at(browser, "/appliances");
  await page.keyboard.press("Control+k");
  await page.getByPlaceholder("Appliance or page").waitFor();
  await page.keyboard.type("migrat");
  await page.getByRole("menuitem", { name: "Migrations" }).waitFor();
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { level: 1, name: "Migrations" }).waitFor();

  await page.goto("/migrations/00000000-0000-0000-0000-000000000000");
  await page.getByRole("link", { name: "All migrations" }).click();

  await page.getByRole("heading", { level: 1, name: "Migrations" }).waitFor();
  await context.close();
});
