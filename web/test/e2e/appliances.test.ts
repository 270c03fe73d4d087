import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";

import type { Appliance } from "../../src/api/types";
import { at, launch } from "./browser";
import { get, online } from "./fleet";

let browser: Browser;
beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser.close());

const rows = (page: Page) => page.getByRole("grid").locator("[data-row]");
const focused = (page: Page) => {
  return page.evaluate(() => document.activeElement?.getAttribute("data-row"));
};
const filterOf = (page: Page) => new URL(page.url()).searchParams.get("q");

test("a filter is in the address, survives a reload, and can be cleared", async () => {
  const { page, context, faults } = await at(browser, "/appliances");
  const name = (await online(context))[0]?.name ?? "";

  await page.getByRole("button", { name: /^Online/ }).click();
  await page.getByLabel("Search appliances").pressSequentially(name);
  await page.getByText("1 appliance matches").waitFor();
  await page.reload();
  await page.getByText("1 appliance matches").waitFor();

  expect(filterOf(page)).toBe(`presence=online ${name}`);
  expect(await page.getByLabel("Search appliances").inputValue()).toBe(name);
  await rows(page).getByText(name).waitFor();
  await page.getByRole("button", { name: "Clear the filter" }).click();
  await page.waitForURL((url) => !url.searchParams.has("q"));
  expect(faults).toEqual([]);
  await context.close();
});

test("a filter typed in the language becomes a chip, and Backspace takes it back", async () => {
  const { page, context } = await at(browser, "/appliances");
  const box = page.getByLabel("Search appliances");

  await box.pressSequentially("presence=offline,online ");
  await page.getByRole("button", { name: "Remove presence=offline,online" }).waitFor();
  expect(filterOf(page)).toBe("presence=offline,online");
  await box.press("Backspace");

  await page.waitForURL((url) => !url.searchParams.has("q"));
  await context.close();
});

test("the shorthand of the address is a filter like any other", async () => {
  const { page, context } = await at(browser, "/appliances?presence=online");

  await page.getByRole("button", { name: "Remove presence=online" }).click();

  await page.waitForURL((url) => url.search === "");
  await context.close();
});

test("a filter that makes no sense is explained, and can be cleared", async () => {
  const { page, context } = await at(browser, "/appliances?q=colour%3Dred");

  const note = page.getByRole("alert");
  await note.waitFor();
  expect(await note.textContent()).toContain("colour");
  await note.getByRole("button", { name: "Clear the filter" }).click();

  await page.getByRole("grid").waitFor();
  await context.close();
});

test("a filter that nothing matches says which part to drop", async () => {
  const { page, context } = await at(browser, "/appliances?q=no-such-name+presence%3Donline");
  await online(context);

  await page.getByRole("button", { name: "without no-such-name" }).click();

  await page.getByRole("grid").waitFor();
  expect(filterOf(page)).toBe("presence=online");
  await context.close();
});

test("a head sorts the table, and the address says how", async () => {
  const { page, context } = await at(browser, "/appliances");
  await online(context);

  await page.getByRole("columnheader", { name: "Name" }).getByRole("button").click();
  await page.waitForURL(/sort=-name/);

  await page.locator('[role="columnheader"][aria-sort="descending"]').waitFor();
  const path = "/appliances?sort=-name&limit=5";
  const { appliances } = await get<{ appliances: Appliance[] }>(context, path);
  const names = rows(page).locator('[data-column="name"]');
  await expect
    .poll(async () => (await names.allTextContents()).slice(0, 5))
    .toEqual(appliances.map(({ name }) => name));
  await context.close();
});

test("by keyboard alone: into the table, down, select, open, and back", async () => {
  const { page, context } = await at(browser, "/appliances");
  await online(context);
  await rows(page).nth(2).waitFor();

  await page.getByRole("button", { name: "Filter", exact: true }).focus();
  // What changed meanwhile is offered between the two.
  await page.keyboard.press("Tab");
  if ((await focused(page)) === null) await page.keyboard.press("Tab");
  await expect.poll(() => focused(page)).toBe("0");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("j");
  await expect.poll(() => focused(page)).toBe("2");
  await page.keyboard.press("x");
  await page.getByText("1 selected").waitFor();
  expect(await page.locator('[data-row="2"]').getAttribute("aria-selected")).toBe("true");
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/appliances\/[0-9a-f-]{36}$/);

  // Who arrives at a page is at its heading.
  await expect.poll(() => page.evaluate(() => document.activeElement?.tagName)).toBe("H1");
  await page.keyboard.press("g");
  await page.keyboard.press("a");
  await page.waitForURL(/\/appliances$/);
  await context.close();
});

test("the grid has one tab stop, and its head is reached by the arrows", async () => {
  const { page, context } = await at(browser, "/appliances");
  await online(context);
  await page.locator('[data-row="0"]').focus();

  await page.keyboard.press("ArrowUp");
  await page.keyboard.press("ArrowRight");
  await expect
    .poll(() => page.evaluate(() => document.activeElement?.textContent))
    .toContain("Name");

  expect(await page.getByRole("grid").locator('[tabindex="0"]').count()).toBe(1);
  await context.close();
});

test("the end of the table is one key away, and the focus arrives there", async () => {
  const { page, context } = await at(browser, "/appliances");
  await online(context);
  await page.locator('[data-row="0"]').focus();

  await page.keyboard.press("End");

  const last = Number(await page.getByRole("grid").getAttribute("aria-rowcount")) - 2;
  await expect.poll(() => focused(page)).toBe(String(last));
  await rows(page).last().getByRole("link").waitFor();
  expect(await focused(page)).toBe(String(last));
  await context.close();
});

test("the palette finds an appliance by a few letters", async () => {
  const { page, context, faults } = await at(browser, "/audit");
  const name = (await online(context))[0]?.name ?? "";

  await page.keyboard.press("Control+k");
  await page.getByPlaceholder("Appliance or page").waitFor();
  await page.keyboard.type(name);
  await page.getByRole("menuitem", { name: new RegExp(name) }).waitFor();
  await page.keyboard.press("Enter");

  await page.getByRole("heading", { level: 1, name }).waitFor();
  expect(faults).toEqual([]);
  await context.close();
});

test("a broken stream is shown, and mended without a reload", async () => {
  const { page, context } = await at(browser, "/appliances");
  const session = await context.newCDPSession(page);
  const offline = (is: boolean) => {
    return session.send("Network.emulateNetworkConditions", {
      offline: is,
      latency: 0,
      downloadThroughput: -1,
      uploadThroughput: -1,
    });
  };
  await session.send("Network.enable");

  // Another pause and resume opens the stream while there is no network.
  await offline(true);
  await page.getByRole("button", { name: "Live updates: Live" }).click();
  await page.getByRole("button", { name: "Live updates: Paused" }).click();
  await page.locator('[data-live="reconnecting"]').waitFor();
  await offline(false);

  await page.locator('[data-live="live"]').waitFor({ timeout: 60_000 });
  await context.close();
});

test("the page can be made to stand still, and to go on", async () => {
  const { page, context } = await at(browser, "/appliances");

  await page.getByRole("button", { name: "Live updates: Live" }).click();
  await page.getByRole("button", { name: "Live updates: Paused" }).click();

  await page.locator('[data-live="live"]').waitFor();
  await context.close();
});

test("on a narrow screen rows are cards and nothing is cut off", async () => {
  const { page, context } = await at(browser, "/appliances", { width: 360 });
  await online(context);
  await rows(page).first().waitFor();

  const over = await page.evaluate(
    () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
  );
  const grid = await page.getByRole("grid").evaluate((grid) => grid.scrollWidth - grid.clientWidth);

  expect([over, grid]).toEqual([0, 0]);
  await context.close();
});

const picture = process.env.DOMFLEET_SCREENSHOT;

test.runIf(picture)("a picture of the table, for whoever has not seen it", async () => {
  const { page, context } = await at(browser, "/appliances");
  await rows(page).nth(8).waitFor();
  await page.mouse.move(700, 5);

  await page.screenshot({ path: picture ?? "" });

  await context.close();
});
