// The pictures of docs/migration.md, taken of a demo: `make pictures`. A simulated appliance carries out no migration,
// so that they show it up to its first step.
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

import { at, launch, settled, visit } from "../e2e/browser";
import { moving } from "../e2e/moving";

const file = (name: string) =>
  fileURLToPath(new URL(`../../../docs/migration/${name}.png`, import.meta.url));

test("the pages of a migration are taken as they are", async () => {
  const browser = await launch();
  const { page, context, faults } = await at(browser, "/migrations", { width: 1100 });
  const { id, appliance } = await moving(context);
  const picture = (name: string) => page.screenshot({ path: file(name), animations: "disabled" });

  await page.setViewportSize({ width: 1100, height: 1000 });
  await page.goto(`/appliances/${appliance.id}/move`);
  await settled(page);
  await page.getByText("Second copy").first().waitFor();
  await picture("preflight");

  await page.goto(`/migrations/${id}`);
  await settled(page);
  await page.getByText("Point of no return.").waitFor();
  const phases = page.locator("section", { has: page.getByRole("heading", { name: "Phases" }) });
  await phases.screenshot({ path: file("phases"), animations: "disabled" });

  await page.getByRole("heading", { name: "What people do" }).scrollIntoViewIfNeeded();
  await page.getByRole("button", { name: "Create a link" }).click();
  await page.getByLabel("For", { exact: true }).fill("the caretaker");
  await page.getByRole("button", { name: "Create", exact: true }).click();
  await page.getByText("It is shown this once").waitFor();
  const url = (await page.locator("[data-copy-text]").textContent()) ?? "";
  await page.setViewportSize({ width: 1100, height: 620 });
  await picture("link");

  const guest = await visit(browser, { width: 390 });
  await guest.page.setViewportSize({ width: 390, height: 844 });
  await guest.page.goto(url);
  await settled(guest.page);
  await guest.page.screenshot({ path: file("on-site"), animations: "disabled" });
  expect([...faults, ...guest.faults]).toEqual([]);
  await browser.close();
});
