// Debug files: a bundle of a simulated appliance is collected and looked into, and a log is brought by
// hand. What is searched and found is done by the server, on what really came.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";

import type { Alarm, Appliance } from "../../src/api/types";
import { at, launch, settled, violations } from "./browser";
import { get, online } from "./fleet";

let browser: Browser;
beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser.close());

/** Collects a bundle, and goes to its page. */
async function collected(page: Page, appliance: Appliance): Promise<void> {
  await page.goto(`/appliances/${appliance.id}/debug`);
  await settled(page);
  await page.getByRole("button", { name: "Request a bundle" }).click();
  await page.getByLabel("Note").fill("looked into by a test");
  await page.getByRole("button", { name: "Request", exact: true }).click();
  const table = page.getByRole("region", { name: "Debug bundles", exact: true });
  const row = table.locator("tbody tr").first();
  await row.getByText("Complete", { exact: true }).waitFor({ timeout: 90_000 });
  await row.getByRole("link", { name: /^Bundle / }).click();
  await page.getByRole("heading", { level: 1, name: /^Bundle / }).waitFor();
}

/** What axe objects to, in light and dark. */
async function objections(page: Page): Promise<string[]> {
  const found: string[] = [];
  for (const colorScheme of ["dark", "light"] as const) {
    await page.emulateMedia({ colorScheme });
    found.push(...(await violations(page)));
  }
  return found;
}

test("a bundle is opened, a file of it is read, and a text is found in its line", async () => {
  const { page, context, faults } = await at(browser, "/appliances");
  const appliance = (await online(context))[1] as Appliance;
  await collected(page, appliance);

  await page.getByRole("heading", { name: "What it says of itself" }).waitFor();
  await page.getByLabel("Find a file").fill("xen info");
  const files = page.getByRole("region", { name: "Files in xen" });
  await files.getByRole("link", { name: "info.txt" }).waitFor();
  expect(await files.locator("tbody tr").count()).toBe(1);
  expect(await objections(page)).toEqual([]);
  await files.getByRole("link", { name: "info.txt" }).click();
  await page.getByRole("heading", { level: 1, name: "xen/info.txt" }).waitFor();
  await page.locator('[data-line="3"]').getByText("xen_version").waitFor();
  expect(await objections(page)).toEqual([]);

  await page.goBack();
  await page.getByLabel("Text in any file").fill("XEN_version");
  await page.getByRole("button", { name: "Search", exact: true }).click();
  await page.waitForURL(/q=XEN_version/);
  const hits = page.getByRole("region", { name: "Lines found" });
  await hits.getByRole("link", { name: "xen/info.txt, line 3" }).click();
  await page.waitForURL(/line=3/);
  const line = page.locator('[aria-current="location"]');
  await line.getByText("xen_version").waitFor();
  await page.reload();
  await line.getByText("xen_version").waitFor();

  expect(faults).toEqual([]);
  await context.close();
});

test("a bundle that is held cannot be deleted until it is released", async () => {
  const { page, context, faults } = await at(browser, "/appliances");
  const appliance = (await online(context))[2] as Appliance;
  await collected(page, appliance);
  const remove = page.getByRole("button", { name: "Delete", exact: true });

  await page.getByRole("button", { name: "Hold", exact: true }).click();
  await page.getByLabel("What for").fill("for the vendor");
  await page.getByRole("dialog").getByRole("button", { name: "Hold" }).click();
  await page.getByText("for the vendor").waitFor();
  await expect.poll(() => remove.getAttribute("aria-disabled")).toBe("true");
  await remove.hover();
  await page.getByRole("tooltip").filter({ hasText: "Release it first" }).waitFor();
  await page.goto(`/debug-files?held=yes&appliance=${encodeURIComponent(appliance.name)}`);
  const bundles = page.getByRole("region", { name: "Debug bundles", exact: true });
  await bundles.getByText(/^held by /).waitFor();
  await bundles.getByRole("link", { name: /^Bundle / }).click();
  await page.getByRole("button", { name: "Release", exact: true }).click();
  await expect.poll(() => remove.getAttribute("aria-disabled")).toBeNull();
  await remove.click();
  const dialog = page.getByRole("alertdialog");
  await dialog.getByLabel(`Type ${appliance.name} to confirm`).fill(appliance.name);
  await dialog.getByRole("button", { name: "Delete" }).click();

  await page.getByText("because its time was over", { exact: false }).waitFor();
  expect(faults).toEqual([]);
  await context.close();
});

test("a log that is brought by hand is searched, raises an alarm, and somebody clears it", async () => {
  const { page, context, faults } = await at(browser, "/appliances");
  const appliance = (await online(context))[0] as Appliance;
  const name = `kern-${Date.now().toString(36)}.log`;
  const words = `Kernel panic - not syncing: ${name}`;
  const quiet = "[    1.000000] all is well\n".repeat(3_000);
  await page.goto(`/appliances/${appliance.id}/debug`);
  await settled(page);

  await page.getByLabel("Remark").fill("from a stick");
  await page.getByLabel("Files", { exact: true }).setInputFiles({
    name,
    mimeType: "text/plain",
    buffer: Buffer.from(`${quiet}[ 8123.412055] ${words}\n`),
  });
  await page.getByText("here and verified", { exact: false }).waitFor({ timeout: 90_000 });
  const table = page.getByRole("region", { name: "Debug bundles", exact: true });
  await table.getByRole("link", { name }).click();
  await page.getByRole("heading", { level: 1, name }).waitFor();
  await page.getByText("from a stick").waitFor();
  await page.getByText("kernel_panic", { exact: true }).first().waitFor({ timeout: 90_000 });
  expect(await objections(page)).toEqual([]);
  await page.getByRole("link", { name: /, line 3001$/ }).click();
  await page.locator('[aria-current="location"]').getByText(words).waitFor();

  await page.goto("/alarms");
  const row = page.getByRole("row", { name: new RegExp(name) });
  await row.getByText("Fatal message in debug files").waitFor();
  await row.getByRole("button", { name: /^Clear/ }).click();
  await row.waitFor({ state: "detached" });

  const { alarms } = await get<{ alarms: Alarm[] }>(
    context,
    "/alarms?kind=fatal_finding&limit=500",
  );
  const cleared = alarms.find(({ message }) => message.includes(name));
  expect(cleared?.cleared_at).toBeTruthy();
  expect(faults).toEqual([]);
  await context.close();
});

test("an upload is paused, survives a reload, and goes on where it stopped", async () => {
  const { page, context } = await at(browser, "/appliances");
  const appliance = (await online(context))[0] as Appliance;
  const folder = await mkdtemp(join(tmpdir(), "domfleet-upload-"));
  const name = `large-${Date.now().toString(36)}.bin`;
  const file = join(folder, name);
  // Two pieces and a rest.
  await writeFile(file, Buffer.alloc(12 * 2 ** 20, 7));
  await page.goto(`/appliances/${appliance.id}/debug`);
  await settled(page);
  // What comes behind the first piece does not get through.
  await page.route("**/api/v1/uploads/*", (route) => {
    const offset = route.request().headers()["upload-offset"];
    return offset === undefined || offset === "0" ? route.continue() : route.abort();
  });
  await page.getByLabel("Files", { exact: true }).setInputFiles(file);
  await page.getByText("The server does not answer", { exact: false }).first().waitFor();
  await page.getByRole("button", { name: `Pause ${name}` }).click();
  await page.getByText("Paused: what is there stays", { exact: false }).first().waitFor();

  await page.unrouteAll();
  await page.reload();
  await settled(page);
  await page.getByText("begun before", { exact: false }).waitFor();
  const sent: string[] = [];
  page.on("request", (request) => {
    if (request.method() === "PATCH") sent.push(request.headers()["upload-offset"] ?? "");
  });
  await page.getByLabel("Files", { exact: true }).setInputFiles(file);
  await page.getByText("here and verified", { exact: false }).waitFor({ timeout: 90_000 });

  expect(sent).toEqual([String(5 * 2 ** 20), String(10 * 2 ** 20)]);
  await rm(folder, { recursive: true });
  await context.close();
});

test("a signature that is added is found in what is here already, until it is removed", async () => {
  const { page, context, faults } = await at(browser, "/signatures");
  const id = `test_${Date.now().toString(36)}`;
  await page.getByRole("button", { name: "Add a signature" }).click();
  const dialog = page.getByRole("dialog", { name: "Add a signature" });
  await dialog.getByLabel("Id", { exact: true }).fill(id);
  await dialog.getByLabel("Meaning").fill("A test looks for it.");
  await dialog.getByLabel("Patterns").fill("(");
  await dialog.getByRole("button", { name: "Add", exact: true }).click();
  await dialog.getByRole("alert").getByText("cannot be used", { exact: false }).first().waitFor();
  await dialog.getByLabel("Patterns").fill(`sign of ${id}`);
  await dialog.getByLabel("Samples").fill(`here is the sign of ${id}`);
  await dialog.getByRole("button", { name: "Add", exact: true }).click();
  await dialog.waitFor({ state: "detached" });
  const row = page.getByRole("row", { name: new RegExp(id) });
  await row.getByText("never").waitFor();

  await row.getByRole("button", { name: `Remove ${id}` }).click();
  await page.getByLabel(`Type ${id} to confirm`).fill(id);
  await page.getByRole("alertdialog").getByRole("button", { name: "Remove" }).click();

  await row.waitFor({ state: "detached" });
  expect(faults).toEqual([]);
  await context.close();
});
