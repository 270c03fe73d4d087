// Uptimes of a textbook are brought through the page, and the page says of them what the textbook says.
import { readFile } from "node:fs/promises";
import type { Browser, Locator, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";

import type { ApplianceDetail, Release, UptimeImport } from "../../src/api/types";
import { at, launch, settled, violations } from "./browser";
import { get, online } from "./fleet";

let browser: Browser;
beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser.close());

/** Weeks in remission of Freireich and others (1963); negative where it went on. */
const SIX_MP = [
  6, 6, 6, 7, 10, 13, 16, 22, 23, -6, -9, -10, -11, -17, -19, -20, -25, -32, -32, -34, -35,
];
const PLACEBO = [1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23];

/** As if 6-MP and placebo were versions of Xen, and a week were a day. */
function freireich(): string {
  const rows = (xen: string, weeks: readonly number[]) =>
    weeks.map((many, index) => {
      return `${xen} ${index},${Math.abs(many)},${many < 0 ? "clean" : "hang"},${xen}`;
    });
  const lines = [
    "appliance,exit_days,end,xen",
    ...rows("6-MP", SIX_MP),
    ...rows("placebo", PLACEBO),
  ];
  return `${lines.join("\n")}\n`;
}

const csv = (name: string, text: string) => {
  return { name, mimeType: "text/csv", buffer: Buffer.from(text) };
};

const figure = (page: Page, name: string) => page.getByRole("figure", { name, exact: true });

/** What a figure gives as a file. */
async function saved(page: Page, button: Locator): Promise<string> {
  const [download] = await Promise.all([page.waitForEvent("download"), button.click()]);
  return readFile(await download.path(), "utf8");
}

test("a textbook’s uptimes are imported, have the textbook’s values, and are forgotten", async () => {
  const { page, context, faults } = await at(browser, "/reliability");
  const name = `of before ${Date.now()}`;
  const tables = async () => {
    const { imports } = await get<{ imports: UptimeImport[] }>(context, "/reliability/imports");
    return imports.filter(({ source }) => source === name);
  };

  // A table that cannot be read is refused with its line.
  await page.getByRole("button", { name: "Import a table" }).click();
  const dialog = page.getByRole("dialog", { name: "Import uptimes" });
  const file = dialog.getByLabel("Table", { exact: true });
  await file.setInputFiles(csv("bad.csv", "appliance,exit_days,end\na,5,hang\nb,five,hang\n"));
  await dialog.getByLabel("What it is called").fill(name);
  await dialog.getByRole("button", { name: "Import", exact: true }).click();
  await dialog.getByRole("alert").getByText("line 3").waitFor();
  expect(await tables()).toEqual([]);
  await file.setInputFiles(csv("freireich.csv", freireich()));
  await dialog.getByRole("button", { name: "Import", exact: true }).click();
  await dialog.waitFor({ state: "detached" });
  const row = page.getByRole("region", { name: "Uptimes of before" }).getByRole("row", { name });
  await row.getByText("42").first().waitFor();

  // A verdict stands before all numbers, whatever the rest of the fleet makes of it.
  const verdict = page.locator("[data-verdict]");
  await verdict.getByRole("heading").first().waitFor();
  expect(["not_enough", "nothing_stands_out", "inseparable", "suspects"]).toContain(
    await verdict.getAttribute("data-verdict"),
  );
  await page.getByText(/; [\d,]+ intervals from tables/).waitFor();

  // The values, by keyboard where that is not the browser's own part.
  await page.getByLabel("Component", { exact: true }).selectOption("xen");
  await page.getByLabel("Xen", { exact: true }).selectOption("6-MP");
  await page.getByLabel("Beside", { exact: true }).selectOption("placebo");
  await page.waitForURL((url) => {
    const { searchParams: said } = url;
    return (
      said.get("component") === "xen" && said.get("a") === "6-MP" && said.get("b") === "placebo"
    );
  });
  const rates = figure(page, "6-MP beside placebo: rates");
  await rates.getByRole("button", { name: /^As a table/ }).focus();
  await page.keyboard.press("Enter");
  await rates.getByRole("row", { name: /^6-MP 21 21 359 9 / }).waitFor();
  await rates.getByRole("cell", { name: "25.1 (11.5 to 47.6)" }).first().waitFor();
  await rates.getByRole("cell", { name: "115 (71.4 to 176)" }).first().waitFor();
  const curves = figure(page, "6-MP beside placebo: curves");
  const asTable = curves.getByRole("button", { name: /^As a table/ });
  await asTable.focus();
  await page.keyboard.press("Space");
  await curves.getByRole("row", { name: "6-MP 6 21 3 0.857 0.620 0.952" }).waitFor();
  await curves.getByRole("row", { name: "6-MP 23 6 1 0.448 0.188 0.680" }).waitFor();
  expect(await asTable.getAttribute("aria-pressed")).toBe("true");
  await page.getByText("4.60 (2.02 to 11.4) times that with 6-MP").waitFor();
  await page.getByText("χ² = 16.8 with 1 degree of freedom, p = 0.000042").first().waitFor();
  expect(await violations(page)).toEqual([]);

  // The numbers and the picture as files.
  const numbers = await saved(page, curves.getByRole("button", { name: /^CSV/ }));
  expect(numbers).toMatch(/^Value,Uptime in days,Watched,Deaths,Share left,At least,At most\r\n/);
  expect(numbers).toMatch(/\r\n6-MP,6,21,3,0\.85714/);
  await asTable.click();
  await curves.getByRole("img", { name: /^The share that is left/ }).waitFor();
  const picture = await saved(page, curves.getByRole("button", { name: /^SVG/ }));
  expect(picture).toMatch(/^<svg [^]*<title>6-MP beside placebo: curves<\/title>[^]*<path /);
  expect(await violations(page)).toEqual([]);

  // The address says what is shown.
  await page.reload();
  await settled(page);
  await figure(page, "6-MP beside placebo: curves").waitFor();
  expect(await page.getByLabel("Component", { exact: true }).inputValue()).toBe("xen");

  await row.getByRole("button", { name: `Forget ${name}` }).click();
  const question = page.getByRole("alertdialog", { name: `Forget ${name}` });
  await question.getByText("Its 42 rows no longer count").waitFor();
  await question.getByRole("button", { name: "Forget it" }).click();
  await row.waitFor({ state: "detached" });
  expect(await tables()).toEqual([]);
  expect(faults).toEqual([]);
  await context.close();
});

test("a filter and a level that make no sense are answered, not obeyed", async () => {
  const { page, context } = await at(
    browser,
    "/reliability?q=colour%3Dred&alpha=7&component=colour",
  );

  const note = page.getByRole("alert");
  await note.getByText("colour").first().waitFor();
  expect(await page.getByLabel("Named where p is below").inputValue()).toBe("0.01");
  await note.getByRole("button", { name: "Clear the filter" }).click();

  await page.waitForURL((url) => !url.searchParams.has("q"));
  await page.getByRole("heading", { name: "What can be said" }).waitFor();
  await context.close();
});

test("what is said of a version is shown by whatever runs it, until it is no longer said", async () => {
  const { page, context, faults } = await at(browser, "/appliances");
  const appliances = await online(context);
  const running = ({ hypervisor_version }: (typeof appliances)[number]) => hypervisor_version;
  const box = appliances.find((one) => running(one)?.startsWith("1.")) ?? appliances[0];
  const version = (box && running(box)) ?? "";
  const problem = `It freezes after days or weeks, ${Date.now()}.`;
  const warned = async () => {
    const { warnings } = await get<ApplianceDetail>(context, `/appliances/${box?.id}`);
    return warnings.some((warning) => warning.includes(problem));
  };
  const known = async () => {
    const { releases } = await get<{ releases: Release[] }>(context, "/releases");
    return releases.find((release) => release.problems.includes(problem));
  };

  // From anywhere, by two letters.
  await page.keyboard.press("g");
  await page.keyboard.press("v");
  await page.getByRole("heading", { level: 1, name: "Releases" }).waitFor();
  await page.getByRole("button", { name: "Add a version" }).click();
  const dialog = page.getByRole("dialog", { name: "Add a version" });
  await dialog.getByLabel("Version", { exact: true }).fill(version);
  await dialog.getByRole("radio", { name: /^Beta/ }).check();
  await dialog.getByRole("textbox", { name: "Known problems" }).fill(problem);
  await dialog.getByRole("button", { name: "Add it" }).click();
  await dialog.waitFor({ state: "detached" });
  const row = page.getByRole("row").filter({ hasText: problem });
  await row.getByText("Beta", { exact: true }).waitFor();
  expect(await row.getByRole("link").innerText()).toMatch(/^[1-9]/);
  expect(await violations(page)).toEqual([]);
  expect((await known())?.state).toBe("beta");

  await page.goto(`/appliances/${box?.id}`);
  await page.getByText(`the hypervisor ${version}, which is beta`).waitFor();
  await page.getByText(problem, { exact: false }).waitFor();
  expect(await warned()).toBe(true);

  await page.goto("/releases");
  await row.getByRole("button", { name: /^Change/ }).click();
  const change = page.getByRole("dialog", { name: `Hypervisor ${version}` });
  await change.getByRole("radio", { name: /^Withdrawn/ }).check();
  await change.getByRole("button", { name: "Save" }).click();
  await row.getByText("Withdrawn", { exact: true }).waitFor();
  await row.getByRole("button", { name: /^Remove/ }).click();
  await page.getByRole("alertdialog").getByRole("button", { name: "Remove it" }).click();
  await row.waitFor({ state: "detached" });
  expect([await known(), await warned()]).toEqual([undefined, false]);
  expect(faults).toEqual([]);
  await context.close();
});
