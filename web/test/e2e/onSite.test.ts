// The link for the person on site: made on the migration's page, opened by somebody without a log-in, taken back.
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";

import { at, launch, settled, violations, visit } from "./browser";
import { moving } from "./moving";

let browser: Browser;
beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser.close());

test("somebody without a log-in sees the steps by a link, until it is taken back", async () => {
  const { page, context, faults } = await at(browser, "/migrations");
  const { id, appliance } = await moving(context);
  await page.goto(`/migrations/${id}`);
  await settled(page);

  await page.getByRole("button", { name: "Create a link" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("For", { exact: true }).fill("the caretaker");
  await dialog.getByLabel("Good for").selectOption("1 day");
  await dialog.getByRole("button", { name: "Create", exact: true }).click();
  await dialog.getByText("It is shown this once").waitFor();
  const url = (await dialog.locator("[data-copy-text]").textContent()) ?? "";
  expect(await violations(page)).toEqual([]);
  await dialog.getByRole("button", { name: "I have it" }).click();

  const guest = await visit(browser, { width: 390 });
  const asked: string[] = [];
  guest.page.on("request", (request) => asked.push(request.url()));
  await guest.page.goto(url);
  await settled(guest.page);
  await guest.page.getByRole("heading", { name: `${appliance.name} moves to 2.x` }).waitFor();
  await guest.page.getByText("Now it is your turn: step 1").waitFor();
  expect(await guest.page.getByRole("listitem").count()).toBe(7);
  await guest.page.getByText(/serial number 4C53/).waitFor();
  expect(await violations(guest.page)).toEqual([]);
  const width = await guest.page.evaluate(() => document.documentElement.scrollWidth);
  expect(width).toBeLessThanOrEqual(390);
  // What opens it was sent to nobody as part of an address, and nobody was asked to log in.
  const secret = url.split("#")[1] ?? "-";
  expect(asked.filter((one) => one.includes(secret) && !one.includes("#"))).toEqual([]);
  expect(asked.some((one) => one.includes("/api/v1/me"))).toBe(false);
  // On paper there are the steps, and nothing to press.
  await guest.page.emulateMedia({ media: "print" });
  expect(await guest.page.getByRole("button", { name: "Print" }).isVisible()).toBe(false);
  expect(await guest.page.getByRole("listitem").first().isVisible()).toBe(true);
  await guest.page.emulateMedia({ media: "screen" });

  await page.getByRole("button", { name: "Take back the link for the caretaker" }).first().click();
  await page.getByText("Took the link back").waitFor();
  await guest.page
    .getByRole("heading", { name: "This link shows nothing any more" })
    .waitFor({ timeout: 30_000 });
  expect(await guest.page.getByRole("listitem").count()).toBe(0);
  expect(await violations(guest.page)).toEqual([]);
  expect([...faults, ...guest.faults]).toEqual([]);
  await guest.context.close();
  await context.close();
}, 300_000);

test("a link that was never made says the same as one that is over", async () => {
  const { page, context, faults } = await visit(browser);
  await page.goto(`/on-site#${"A".repeat(43)}`);

  await page.getByRole("heading", { name: "This link shows nothing any more" }).waitFor();
  expect(await page.getByLabel("Password").count()).toBe(0);
  expect(faults).toEqual([]);
  await context.close();
});
