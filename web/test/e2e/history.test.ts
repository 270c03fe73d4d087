// What became of an appliance on one axis, and its mitigations.
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";

import type { Appliance, MitigationStanding } from "../../src/api/types";
import { at, launch, settled, violations } from "./browser";
import { eventually, get, online, vmThatIs } from "./fleet";

let browser: Browser;
beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser.close());

test("what is asked of an appliance becomes a mark, which the keyboard reaches and opens", async () => {
  const { page, context, faults } = await at(browser, "/appliances");
  const { appliance, vm } = await vmThatIs(context, "off");
  await page.goto(`/appliances/${appliance.id}/vms`);
  await page.getByRole("button", { name: `Start ${vm.name}`, exact: true }).click();
  await page.getByText(`Start VM: ${vm.name} — asked`).waitFor();
  await page.goto(`/appliances/${appliance.id}/timeline`);
  await settled(page);
  const marks = page.locator("[data-mark]");
  const operation = page.locator('[data-mark][data-lane="operations"]').last();
  await operation.waitFor();

  // One stop leads in; arrows go on from there.
  expect(await page.locator('[data-mark][tabindex="0"]').count()).toBe(1);
  await page.locator('[data-mark][tabindex="0"]').focus();
  await page.keyboard.press("Home");
  const label = (await marks.first().getAttribute("aria-label")) ?? "";
  expect(await page.evaluate(() => document.activeElement?.getAttribute("aria-label"))).toBe(label);
  await operation.focus();
  expect(await operation.getAttribute("aria-label")).toMatch(/Start VM/);
  await page.keyboard.press("Enter");

  await page.getByRole("heading", { level: 1, name: "Start VM" }).waitFor();
  expect(faults).toEqual([]);
  await context.close();
});

test("the timeline is a table too, and how far back it goes is in the address", async () => {
  const { page, context, faults } = await at(browser, "/appliances");
  const appliance = (await online(context))[0] as Appliance;
  await page.goto(`/appliances/${appliance.id}/timeline`);
  await settled(page);

  await page.getByRole("button", { name: "All", exact: true }).click();
  await page.waitForURL(/range=all/);
  await page.reload();
  await settled(page);
  const all = page.getByRole("button", { name: "All", exact: true });
  expect(await all.getAttribute("aria-pressed")).toBe("true");
  await page.getByText(/^As a table/).click();
  const table = page.getByRole("region", { name: "Timeline as a table" });
  await table.getByRole("row", { name: /Boots/ }).first().waitFor();
  const history = page.getByRole("region", { name: "History of components" });
  await history.getByText("dom0 kernel").first().waitFor();

  expect(await violations(page)).toEqual([]);
  expect(faults).toEqual([]);
  await context.close();
});

/** An appliance of a release to which swap can be applied. */
function unmitigated(context: Parameters<typeof online>[0]): Promise<Appliance> {
  return eventually("an appliance that has swap", async () => {
    for (const appliance of await online(context)) {
      const path = `/appliances/${appliance.id}/mitigations`;
      const { mitigations } = await get<{ mitigations: MitigationStanding[] }>(context, path);
      const swap = mitigations.find(({ which }) => which === "swap");
      if (swap?.status === "not_applied") return appliance;
    }
    return undefined;
  });
}

test("a mitigation is tried out, applied, and taken back", async () => {
  const { page, context, faults } = await at(browser, "/appliances");
  const appliance = await unmitigated(context);
  await page.goto(`/appliances/${appliance.id}/mitigations`);
  await settled(page);
  const apply = page.getByRole("button", { name: "Apply No swap in dom0" });
  const revert = page.getByRole("button", { name: "Revert No swap in dom0" });
  const dialog = page.getByRole("dialog");
  expect(await revert.getAttribute("aria-disabled")).toBe("true");

  await apply.click();
  await dialog.getByRole("button", { name: "Say what would change" }).click();
  await dialog.waitFor({ state: "detached" });
  const diff = page.getByLabel("Changes of /etc/fstab");
  await diff.getByText("+#/dev/sda2 swap", { exact: false }).waitFor({ timeout: 90_000 });
  expect(await violations(page)).toEqual([]);
  await apply.click();
  await dialog.getByLabel("Only say what would be changed").uncheck();
  await dialog.getByRole("button", { name: "Apply", exact: true }).click();
  await dialog.waitFor({ state: "detached" });
  await expect.poll(() => revert.getAttribute("aria-disabled"), { timeout: 90_000 }).toBeNull();
  await revert.click();
  await dialog.getByLabel("Only say what would be changed").uncheck();
  await dialog.getByRole("button", { name: "Revert", exact: true }).click();
  await dialog.waitFor({ state: "detached" });

  await expect.poll(() => apply.getAttribute("aria-disabled"), { timeout: 90_000 }).toBeNull();
  const path = `/appliances/${appliance.id}/mitigations`;
  await eventually("swap is as it was", async () => {
    const { mitigations } = await get<{ mitigations: MitigationStanding[] }>(context, path);
    const swap = mitigations.find(({ which }) => which === "swap");
    return swap?.status === "not_applied" && !swap.ours ? swap : undefined;
  });
  expect(faults).toEqual([]);
  await context.close();
});
