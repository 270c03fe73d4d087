import { readFile } from "node:fs/promises";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";

import type { Operation } from "../../src/api/types";
import { at, launch } from "./browser";
import { eventually, get, online, vmThatIs } from "./fleet";

let browser: Browser;
beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser.close());

test("a VM is started, and its operation is seen to succeed without a reload", async () => {
  const { page, context, faults } = await at(browser, "/appliances");
  const { appliance, vm } = await vmThatIs(context, "off");
  await page.goto(`/appliances/${appliance.id}/vms`);
  const shutDown = page.getByRole("button", { name: `Shut down ${vm.name}`, exact: true });

  await page.getByRole("button", { name: `Start ${vm.name}`, exact: true }).click();
  await page.getByRole("link", { name: "Show operation" }).click();

  await page.getByRole("heading", { level: 1, name: "Start VM" }).waitFor();
  await page.locator("main").getByText("Succeeded").first().waitFor({ timeout: 90_000 });
  await page.locator("main").getByRole("link", { name: appliance.name }).click();
  await page.locator("main").getByRole("link", { name: "VMs", exact: true }).click();
  await shutDown.waitFor();
  expect(faults).toEqual([]);
  await context.close();
});

test("a VM's power is cut only once its name is typed, and Escape returns to the button", async () => {
  const { page, context } = await at(browser, "/appliances");
  const { appliance, vm } = await vmThatIs(context, "running");
  await page.goto(`/appliances/${appliance.id}/vms`);
  const more = page.getByRole("button", { name: `More for ${vm.name}`, exact: true });
  const dialog = page.getByRole("alertdialog");
  const field = dialog.getByLabel(`Type ${vm.name} to confirm`);
  const hasFocus = (element: Element) => element === document.activeElement;

  await more.click();
  await page.getByRole("menuitem", { name: "Destroy…" }).click();
  await field.waitFor();
  await expect.poll(() => field.evaluate(hasFocus)).toBe(true);
  await page.keyboard.press("Escape");
  await dialog.waitFor({ state: "detached" });
  await expect.poll(() => more.evaluate(hasFocus)).toBe(true);
  await more.click();
  await page.getByRole("menuitem", { name: "Destroy…" }).click();
  const button = dialog.getByRole("button", { name: "Destroy" });
  expect(await button.getAttribute("aria-disabled")).toBe("true");
  await field.fill(vm.name);
  await button.click();
  await dialog.waitFor({ state: "detached" });

  const ended = await eventually("the VM's power is cut", async () => {
    const path = `/operations?appliance=${appliance.id}&kind=vm_destroy`;
    const { operations } = await get<{ operations: Operation[] }>(context, path);
    return operations.find((operation) => operation.ended_at);
  });
  expect(ended.state).toBe("succeeded");
  await context.close();
});

test("a debug bundle is requested, watched as it comes, and downloaded", async () => {
  const { page, context, faults } = await at(browser, "/appliances");
  const appliance = (await online(context)).at(-1);
  await page.goto(`/appliances/${appliance?.id}/debug`);

  await page.getByRole("button", { name: "Request a bundle" }).click();
  await page.getByLabel("Note").fill("freezes at night");
  await page.getByRole("button", { name: "Request", exact: true }).click();
  const row = page.locator("tbody tr").first();
  await row.getByText("Complete", { exact: true }).waitFor({ timeout: 90_000 });
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    row.getByRole("button", { name: "Download" }).click(),
  ]);

  expect(download.suggestedFilename()).toMatch(/\.tar\.zst$/);
  const content = await readFile(await download.path());
  expect([...content.subarray(0, 4)]).toEqual([0x28, 0xb5, 0x2f, 0xfd]);
  expect(faults).toEqual([]);
  await context.close();
});

test("a volume is made, and removed once its name is typed", async () => {
  const { page, context } = await at(browser, "/appliances");
  const appliance = await eventually("an appliance with room for a volume", async () => {
    for (const candidate of (await online(context)).toReversed()) {
      interface Groups {
        volume_groups: Array<{ free_bytes: number }>;
      }
      const { volume_groups } = await get<Groups>(context, `/appliances/${candidate.id}/volumes`);
      if ((volume_groups[0]?.free_bytes ?? 0) > 2 ** 27) return candidate;
    }
    return undefined;
  });
  await page.goto(`/appliances/${appliance.id}/storage`);
  const name = `scratch-${Date.now().toString(36)}`;

  await page.getByRole("button", { name: "Create volume" }).click();
  await page.getByLabel("Name").fill(name);
  await page.getByLabel("Size").fill("64 MiB");
  await page.getByRole("button", { name: "Create", exact: true }).click();
  const more = page.getByRole("button", { name: `More for ${name}`, exact: true });
  const snapshot = page.getByRole("button", { name: `Snapshot ${name}`, exact: true });
  await more.waitFor({ timeout: 90_000 });
  // Until the operation is over another of storage would be refused, and the button says so.
  await expect.poll(() => snapshot.getAttribute("aria-disabled"), { timeout: 60_000 }).toBeNull();
  await more.click();
  await page.getByRole("menuitem", { name: "Remove…" }).click();
  await page.getByLabel(`Type ${name} to confirm`).fill(name);
  await page.getByRole("alertdialog").getByRole("button", { name: "Remove" }).click();

  await more.waitFor({ state: "detached", timeout: 90_000 });
  await context.close();
});

test("an appliance that is not there says so, and leads back", async () => {
  const nobody = "/appliances/00000000-0000-7000-8000-000000000000/vms";
  const { page, context } = await at(browser, nobody);

  await page.getByRole("alert").waitFor();
  await page.getByRole("link", { name: "All appliances" }).click();

  await page.waitForURL(/\/appliances$/);
  await context.close();
});

test("a join token is shown once, with the command to run", async () => {
  const { page, context } = await at(browser, "/enrolment");

  await page.getByRole("button", { name: "Create join token" }).click();
  await page.getByLabel("Note").fill("Hafenstrasse");
  await page.getByRole("button", { name: "Create", exact: true }).click();
  const command = await page.locator("[data-copy-text]").textContent();
  await page.getByRole("button", { name: "I have it" }).click();

  expect(command).toMatch(/^domfleet-agent join domfleet1\.[\w-]+$/);
  const row = page.getByRole("row", { name: /Hafenstrasse/ }).first();
  await row.getByText("Valid").waitFor();
  await row.getByRole("button", { name: "Revoke" }).click();
  await row.getByText("Revoked").waitFor();
  expect(await page.content()).not.toContain(command?.split(" ").at(-1));
  await context.close();
});
