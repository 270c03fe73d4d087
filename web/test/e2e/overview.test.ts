import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";

import type { Appliance, Operation, Release, Reliability } from "../../src/api/types";
import { at, launch, logIn, settled, violations, visit } from "./browser";
import { eventually, get, online, send } from "./fleet";

let browser: Browser;
beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser.close());

const heading = (page: Page, name: string) => page.getByRole("heading", { level: 1, name });
/** A simulated appliance takes as long as one of the vendor's to boot, on a machine that is busy. */
const BOOTS_WITHIN = 240_000;
/** The operations that failed since yesterday; those that failed or were lost at all are a tile. */
const OPERATIONS = /^[\d,]+ operations?$/;
const numberIn = (text: string | null) =>
  Number(/[\d,]+/.exec(text ?? "")?.[0].replaceAll(",", ""));
/** The number that a link shows. */
const shown = async (page: Page, name: RegExp) => {
  return numberIn(await page.getByRole("link", { name }).first().textContent());
};
/** How many rows a page of a table says there are. */
const listed = async (page: Page) => {
  await settled(page);
  const words = page
    .locator('main [role="status"]')
    .filter({ hasText: /^[\d,]+ (app|op|boot|find)/ });
  return numberIn(await words.textContent());
};
const total = (path: string) => ({
  of: async (context: Parameters<typeof get>[0]) =>
    (await get<{ total: number }>(context, path)).total,
});

test("whoever logs in sees the overview first, and a number leads to a table of as many", async () => {
  const { page, context, faults } = await visit(browser);
  await page.goto("/");
  await logIn(page);
  await heading(page, "Overview").waitFor();
  await online(context);
  await settled(page);
  expect(new URL(page.url()).pathname).toBe("/");
  expect(await page.getByRole("navigation").getByRole("link").nth(1).textContent()).toBe(
    "Overview",
  );
  // The name of the product leads here, too.
  const current = page.getByRole("navigation").locator('[aria-current="page"]');
  expect(await current.allTextContents()).toEqual(["Domfleet", "Overview"]);

  // Appliances come and go meanwhile: at some time both pages agree, and on a number that is none of chance.
  await expect
    .poll(
      async () => {
        await page.keyboard.press("g");
        await page.keyboard.press("h");
        await heading(page, "Overview").waitFor();
        const number = await shown(page, /^[\d,]+ Online$/);
        await page.getByRole("link", { name: /^[\d,]+ Online$/ }).click();
        await heading(page, "Appliances").waitFor();
        return number > 2 && number === (await listed(page));
      },
      { timeout: 90_000 },
    )
    .toBe(true);
  expect(new URL(page.url()).searchParams.get("q")).toBe("presence=online state=accepted");
  expect(await current.allTextContents()).toEqual(["Appliances"]);
  await page.goBack();
  await heading(page, "Overview").waitFor();
  expect(faults).toEqual([]);
  await context.close();
});

test("what goes wrong is counted without the page being loaded anew, and listed where the number leads", async () => {
  const { page, context, faults } = await at(browser, "/");
  const failures = total("/operations?q=state%3Dlost,failed,rejected&limit=1");
  const before = await failures.of(context);
  const box = (await online(context))[0];
  await page.getByRole("link", { name: /^[\d,]+ Failed or lost$/ }).waitFor();

  const asked = await send<Operation>(context, "POST", `/appliances/${box?.id}/operations`, {
    operation: { kind: "image_check", image: { path: "/var/lib/no-such-image.qcow2" } },
  });
  await eventually("an operation that failed", async () => {
    const { state } = await get<Operation>(context, `/operations/${asked.id}`);
    return state === "failed" ? state : undefined;
  });
  await expect
    .poll(async () => (await shown(page, /Failed or lost$/)) - (await failures.of(context)), {
      timeout: 30_000,
    })
    .toBe(0);
  const number = await shown(page, /Failed or lost$/);
  expect(number).toBeGreaterThan(before);
  const lately = total("/operations?q=state%3Dlost,failed,rejected%20ended%3C24&limit=1");
  await expect
    .poll(async () => (await shown(page, OPERATIONS)) - (await lately.of(context)), {
      timeout: 30_000,
    })
    .toBe(0);
  expect(await shown(page, OPERATIONS)).toBeGreaterThan(0);

  await page.getByRole("link", { name: /Failed or lost$/ }).click();
  await heading(page, "Operations").waitFor();
  await expect.poll(() => listed(page)).toBe(await failures.of(context));
  expect(new URL(page.url()).searchParams.get("state")).toBe("failed");
  expect(faults).toEqual([]);
  await context.close();
});

test("each number of the last day leads to the table that holds as many", async () => {
  const { page, context, faults } = await at(browser, "/");
  const numbers = [
    [/^[\d,]+ boots?$/, "Ends of boots", "/boots?q=ended%3C24&limit=1"],
    [
      /^[\d,]+ deaths?$/,
      "Ends of boots",
      "/boots?q=ended%3C24%20end%3Dpanic,watchdog,hang&limit=1",
    ],
    [/^[\d,]+ unknown ends?$/, "Ends of boots", "/boots?q=ended%3C24%20end%3Dunknown&limit=1"],
    [OPERATIONS, "Operations", "/operations?q=state%3Dlost,failed,rejected%20ended%3C24&limit=1"],
    [
      /^[\d,]+ fatal or critical findings?$/,
      "Findings",
      "/findings?q=severity%3Dfatal,crit%20found%3C24&limit=1",
    ],
  ] as const;

  for (const [link, title, path] of numbers) {
    // Boots end meanwhile: at some time the link, the table and the API agree.
    await expect
      .poll(
        async () => {
          await page.goto("/");
          const number = await shown(page, link);
          await page.getByRole("link", { name: link }).first().click();
          await heading(page, title).waitFor();
          const agreed = [await listed(page), await total(path).of(context)];
          return agreed.every((other) => other === number);
        },
        { timeout: 90_000 },
      )
      .toBe(true);
  }
  expect(faults).toEqual([]);
  await context.close();
});

test("an end is listed with its evidence, and leads to the appliance's timeline", async () => {
  const { page, context, faults } = await at(browser, "/boots");
  const ended = total("/boots?limit=1");
  // Whether one of those that freeze has been started again by now is a matter of chance.
  if ((await ended.of(context)) === 0) {
    const box = (await online(context))[0];
    const operation = { kind: "appliance_reboot" };
    const asked = { operation, confirm: box?.name };
    await send(context, "POST", `/appliances/${box?.id}/operations`, asked);
  }
  await eventually(
    "a boot that ended",
    async () => ((await ended.of(context)) > 0 ? true : undefined),
    BOOTS_WITHIN,
  );
  await page.reload();
  const row = page.getByRole("region", { name: "Ends of boots" }).getByRole("row").nth(1);
  await row.getByText(/^(high|medium|low) confidence$/).waitFor();
  await row.getByRole("link").click();
  await page.getByRole("link", { name: "Timeline", exact: true }).waitFor();
  expect(new URL(page.url()).pathname).toMatch(/^\/appliances\/[^/]+\/timeline$/);
  expect(faults).toEqual([]);
  await context.close();
}, 300_000);

test("freezes are counted by version, and each leads to its curves and to who runs it", async () => {
  const { page, context, faults } = await at(browser, "/");
  const table = page.getByRole("region", { name: "Freezes by version of the hypervisor" });
  const { diagnosis } = await eventually("versions that were watched", async () => {
    const found = await get<Reliability>(context, "/reliability");
    return found.diagnosis.components.some(({ component }) => component === "hypervisor")
      ? found
      : undefined;
  });
  const values = diagnosis.components.find(({ component }) => component === "hypervisor")?.values;
  const version = values?.[0]?.value ?? "";
  await page.reload();
  const row = table.getByRole("row").filter({
    has: page.getByRole("link", { name: version, exact: true }),
  });

  // Exact intervals, and beside them whether they say anything.
  await row.getByRole("cell", { name: /\(.+ to .+\)$|^beyond any number/ }).waitFor();
  await page.locator("[data-verdict]").getByRole("link").waitFor();
  const picture = page.getByRole("figure", { name: "Deaths by version of the hypervisor" });
  await picture.getByRole("img", { name: /^Deaths in 1000 appliance-days/ }).waitFor();
  await picture.getByRole("button", { name: /^As a table/ }).focus();
  await page.keyboard.press("Enter");
  await picture.getByRole("row", { name: new RegExp(`^${version} `) }).waitFor();
  expect(await violations(page)).toEqual([]);

  const link = row.getByRole("link", { name: `with ${version}` });
  const running = numberIn(await link.textContent());
  const q = encodeURIComponent(`hypervisor=${version} state=accepted`);
  expect(running).toBe(await total(`/appliances?q=${q}&limit=1`).of(context));
  await link.click();
  await heading(page, "Appliances").waitFor();
  expect(await listed(page)).toBe(running);
  await page.goBack();
  await row.getByRole("link", { name: version, exact: true }).click();
  await heading(page, "Reliability").waitFor();
  expect(new URL(page.url()).search).toBe("?component=hypervisor");
  await expect
    .poll(() => page.getByLabel("Component", { exact: true }).inputValue(), { timeout: 30_000 })
    .toBe("hypervisor");
  expect(faults).toEqual([]);
  await context.close();
});

test("a withdrawn version is named while it runs somewhere, and no longer than it is said to be", async () => {
  const { page, context, faults } = await at(browser, "/");
  const box = (await online(context)).find(({ components }) => components.dom0_kernel);
  const kernel = box?.components.dom0_kernel ?? "";
  const note = `Taken back on day ${Date.now()}.`;
  const word = {
    component: "dom0_kernel",
    version: kernel,
    state: "withdrawn",
    note,
    problems: [],
  };
  const said = await send<Release>(context, "PUT", "/releases", word);

  await page.reload();
  const item = page
    .getByRole("list", { name: "Versions that should not run" })
    .getByRole("listitem")
    .filter({ hasText: note });
  await item.getByText("Withdrawn", { exact: true }).waitFor();
  expect(await violations(page)).toEqual([]);
  const link = item.getByRole("link", { name: /appliances? with/ });
  const number = numberIn(await link.textContent());
  expect(number).toBeGreaterThan(0);
  await link.click();
  await heading(page, "Appliances").waitFor();
  expect(await listed(page)).toBe(number);
  const filter = new URLSearchParams({ q: new URL(page.url()).searchParams.get("q") ?? "" });
  const { appliances } = await get<{ appliances: Appliance[] }>(context, `/appliances?${filter}`);
  expect(new Set(appliances.map(({ components }) => components.dom0_kernel))).toEqual(
    new Set([kernel]),
  );

  await send(context, "DELETE", `/releases/${said.id}`);
  await page.goto("/");
  await settled(page);
  await page.getByRole("region", { name: "Freezes by version of the hypervisor" }).waitFor();
  expect(await item.count()).toBe(0);
  expect(faults).toEqual([]);
  await context.close();
});
