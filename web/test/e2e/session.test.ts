import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";

import { at, demo, launch, logIn, visit } from "./browser";

let browser: Browser;
beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser.close());

test("whoever is not logged in logs in first, and arrives where the address said", async () => {
  const { page, context, faults } = await visit(browser);

  await page.goto("/audit");
  await logIn(page);
  await page.getByRole("heading", { level: 1, name: "Audit" }).waitFor();

  expect(new URL(page.url()).pathname).toBe("/audit");
  expect(faults).toEqual([]);
  await context.close();
});

test("a wrong password is refused with what to do, and the address typed stays", async () => {
  const { page, context } = await visit(browser);
  await page.goto("/");

  await page.getByLabel("E-mail").fill(demo.email);
  await page.getByLabel("Password").fill("not the password");
  await page.getByRole("button", { name: "Log in" }).click();

  await page.getByRole("alert").waitFor();
  expect(await page.getByLabel("E-mail").inputValue()).toBe(demo.email);
  await context.close();
});

test("a session that ran out is renewed over the page, and what was typed is sent", async () => {
  const { page, context } = await at(browser, "/enrolment");
  await page.getByRole("button", { name: "Create join token" }).click();
  await page.getByLabel("Note").fill("Kirchgasse 4, first floor");

  await context.clearCookies();
  await page.getByRole("button", { name: "Create", exact: true }).click();
  await page.getByRole("dialog", { name: "Log in again" }).waitFor();
  await page.getByLabel("Password").fill(demo.password);
  await page.getByRole("button", { name: "Log in" }).click();

  await page.getByRole("dialog", { name: "Run this in dom0" }).waitFor();
  await page.getByRole("button", { name: "I have it" }).click();
  await page.getByRole("row", { name: /Kirchgasse 4/ }).waitFor();
  await context.close();
});

test("logging out ends the session", async () => {
  const { page, context } = await at(browser, "/appliances");

  await page.getByRole("button", { name: /^Account/ }).click();
  await page.getByRole("menuitem", { name: "Log out" }).click();
  await page.getByRole("heading", { name: "Log in to Domfleet" }).waitFor();

  const me = await context.request.get("/api/v1/me");
  expect(me.status()).toBe(401);
  await context.close();
});

test("the theme is chosen in the account menu and kept", async () => {
  const { page, context } = await at(browser, "/appliances");
  const scheme = () => page.evaluate(() => getComputedStyle(document.documentElement).colorScheme);
  expect(await scheme()).toBe("light dark");

  await page.getByRole("button", { name: /^Account/ }).click();
  await page.getByRole("menuitem", { name: "Dark" }).click();
  await page.reload();

  await page.getByRole("heading", { level: 1 }).waitFor();
  expect(await scheme()).toBe("dark");
  await context.close();
});
