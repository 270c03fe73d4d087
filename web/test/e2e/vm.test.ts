import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";

import type { Vm } from "../../src/api/types";
import { at, launch, settled } from "./browser";
import { eventually, get, online } from "./fleet";

let browser: Browser;
beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser.close());

test("a VM is made from a pasted text, whose mistake is told at its field, renamed and removed", async () => {
  const { page, context, faults } = await at(browser, "/appliances");
  const appliance = (await online(context))[1];
  const name = `door-${Date.now().toString(36)}`;
  const path = `/appliances/${appliance?.id}/vms`;
  const known = async (wanted: string) => {
    const { vms } = await get<{ vms: Vm[] }>(context, path);
    return vms.find((vm) => vm.name === wanted);
  };
  await page.goto(path);
  await settled(page);

  await page.getByRole("button", { name: "Create VM" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("button", { name: "An xl configuration" }).click();
  const text = dialog.getByLabel("Configuration", { exact: true });
  await text.fill(`name = '${name}'\nmemory = lots\n`);
  await dialog.getByRole("button", { name: "Create", exact: true }).click();
  await dialog.getByText("line 2", { exact: false }).waitFor();
  expect(await text.getAttribute("aria-invalid")).toBe("true");
  await text.fill(`name = '${name}'\nmemory = 64\nvcpus = 1\n`);
  await dialog.getByRole("button", { name: "Create", exact: true }).click();
  await dialog.waitFor({ state: "detached" });
  const more = page.getByRole("button", { name: `More for ${name}`, exact: true });
  await more.waitFor({ timeout: 90_000 });

  await eventually("the VM is there and nothing holds it", () => known(name));
  const start = page.getByRole("button", { name: `Start ${name}`, exact: true });
  await expect.poll(() => start.getAttribute("aria-disabled"), { timeout: 60_000 }).toBeNull();
  await more.click();
  await page.getByRole("menuitem", { name: "Rename…" }).click();
  await dialog.getByLabel("New name").fill(`${name}-2`);
  await dialog.getByRole("button", { name: "Rename" }).click();
  const renamed = page.getByRole("button", { name: `More for ${name}-2`, exact: true });
  await renamed.waitFor({ timeout: 90_000 });
  const startIt = page.getByRole("button", { name: `Start ${name}-2`, exact: true });
  await expect.poll(() => startIt.getAttribute("aria-disabled"), { timeout: 60_000 }).toBeNull();
  await renamed.click();
  await page.getByRole("menuitem", { name: "Remove…" }).click();
  const question = page.getByRole("alertdialog");
  await question.getByLabel(`Type ${name}-2 to confirm`).fill(`${name}-2`);
  await question.getByRole("button", { name: "Remove" }).click();

  await renamed.waitFor({ state: "detached", timeout: 90_000 });
  expect(faults).toEqual([]);
  await context.close();
});

test("what a running VM said on its console is read, and its menu says what cannot be done and why", async () => {
  const { page, context } = await at(browser, "/appliances");
  const { appliance, vm } = await eventually("a VM that runs and is not managed", async () => {
    for (const candidate of await online(context)) {
      const { vms } = await get<{ vms: Vm[] }>(context, `/appliances/${candidate.id}/vms`);
      const found = vms.find(({ state, managed }) => state === "running" && !managed);
      if (found) return { appliance: candidate, vm: found };
    }
    return undefined;
  });
  await page.goto(`/appliances/${appliance.id}/vms`);
  await settled(page);

  await page.getByRole("button", { name: `More for ${vm.name}`, exact: true }).click();
  const change = page.getByRole("menuitem", { name: "Change…" });
  expect(await change.getAttribute("aria-disabled")).toBe("true");
  await change.getByText("adopt it first", { exact: false }).waitFor();
  await page.getByRole("menuitem", { name: "Read console…" }).click();

  await page.getByRole("dialog").getByLabel("What the VM said").waitFor({ timeout: 90_000 });
  await context.close();
});
