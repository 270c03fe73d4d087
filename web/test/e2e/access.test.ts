// Every screen, in light and dark, as axe sees it.
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";

import { at, launch, settled, violations, visit } from "./browser";
import { get, online, send } from "./fleet";
import { moving } from "./moving";

let browser: Browser;
beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser.close());

interface Screen {
  readonly name: string;
  readonly path: string;
  readonly open?: (page: Page) => Promise<void>;
}

/** Presses a button, and waits for what it opens. */
const opens = (button: string | RegExp, role: "dialog" | "alertdialog" | "menu") => {
  return async (page: Page) => {
    await page.getByRole("button", { name: button }).first().click();
    await page.getByRole(role).waitFor();
  };
};

/** The form with a disk and a network card in it. */
async function createVm(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Create VM" }).click();
  await page.getByRole("button", { name: "Add a disk" }).click();
  await page.getByRole("button", { name: "Add a network card" }).click();
}

/** What a VM's menu opens. */
const vmDialog = (item: RegExp) => {
  return async (page: Page) => {
    await page
      .getByRole("button", { name: /^More for/ })
      .first()
      .click();
    await page.getByRole("menuitem", { name: item }).click();
    await page.getByRole("dialog").waitFor();
  };
};

const SCREENS: readonly Screen[] = [
  { name: "overview", path: "/" },
  { name: "appliances", path: "/appliances" },
  { name: "appliances, filtered", path: "/appliances?presence=online&q=hypervisor%3C9" },
  { name: "appliances, none found", path: "/appliances?q=no-such-name" },
  { name: "appliances, a bad filter", path: "/appliances?q=colour%3Dred" },
  { name: "act on many", path: "/appliances", open: opens(/^Act on all/, "dialog") },
  {
    name: "act on many, tried out",
    path: "/appliances",
    open: async (page) => {
      await page.getByRole("button", { name: /^Act on all/ }).click();
      await page.getByLabel("What", { exact: true }).selectOption("appliance_reboot");
      await page.getByRole("button", { name: "Try it out" }).click();
      await page
        .getByRole("alertdialog")
        .getByLabel(/^Type /)
        .waitFor();
    },
  },
  { name: "add a filter", path: "/appliances", open: opens("Filter", "dialog") },
  {
    name: "palette",
    path: "/appliances",
    open: async (page) => {
      await page.keyboard.press("Control+k");
      await page.getByPlaceholder("Appliance or page").waitFor();
    },
  },
  { name: "account menu", path: "/appliances", open: opens(/^Account/, "menu") },
  {
    name: "keyboard help",
    path: "/appliances",
    open: async (page) => {
      await page.keyboard.press("?");
      await page.getByRole("dialog", { name: "Keyboard" }).waitFor();
    },
  },
  { name: "an appliance", path: "/appliances/ID" },
  { name: "confirmation", path: "/appliances/ID", open: opens("Reboot", "alertdialog") },
  { name: "name and site", path: "/appliances/ID", open: opens("Name and site", "dialog") },
  { name: "VMs", path: "/appliances/ID/vms" },
  { name: "a VM's menu", path: "/appliances/ID/vms", open: opens(/^More for/, "menu") },
  { name: "create a VM", path: "/appliances/ID/vms", open: createVm },
  { name: "a VM's console", path: "/appliances/ID/vms", open: vmDialog(/^Read console/) },
  { name: "storage", path: "/appliances/ID/storage" },
  {
    name: "an image's menu",
    path: "/appliances/ID/storage",
    open: opens(/^More for \//, "menu"),
  },
  {
    name: "convert an image",
    path: "/appliances/ID/storage",
    open: async (page) => {
      await page.getByRole("button", { name: /^More for .*archive/ }).click();
      await page.getByRole("menuitem", { name: "Convert…" }).click();
      await page.getByRole("dialog").waitFor();
    },
  },
  { name: "backups of an appliance", path: "/appliances/ID/backups" },
  { name: "a drive's menu", path: "/appliances/ID/backups", open: opens(/^More for/, "menu") },
  {
    name: "prepare a drive",
    path: "/appliances/ID/backups",
    open: async (page) => {
      await page.getByRole("button", { name: /^More for Ultra 4C53/ }).click();
      await page.getByRole("menuitem", { name: /^Prepare/ }).click();
      await page.getByRole("alertdialog").waitFor();
    },
  },
  {
    name: "qualify a drive",
    path: "/appliances/ID/backups",
    open: async (page) => {
      await page.getByRole("button", { name: /^More for Ultra 4C53/ }).click();
      await page.getByRole("menuitem", { name: "Qualify…" }).click();
      await page.getByRole("dialog").waitFor();
    },
  },
  { name: "boots", path: "/appliances/ID/boots" },
  { name: "operations of an appliance", path: "/appliances/ID/operations" },
  { name: "debug", path: "/appliances/ID/debug" },
  {
    name: "request a bundle",
    path: "/appliances/ID/debug",
    open: opens("Request a bundle", "dialog"),
  },
  { name: "timeline", path: "/appliances/ID/timeline?range=all" },
  {
    name: "timeline as a table",
    path: "/appliances/ID/timeline",
    open: async (page) => {
      await page.getByText(/^As a table/).click();
      await page.getByRole("region", { name: "Timeline as a table" }).waitFor();
    },
  },
  { name: "mitigations", path: "/appliances/ID/mitigations" },
  { name: "move to 2.x", path: "/appliances/ID/move" },
  { name: "migrations", path: "/migrations" },
  { name: "a migration", path: "/migrations/MIGRATION" },
  {
    name: "a link for the person on site",
    path: "/migrations/MIGRATION",
    open: opens("Create a link", "dialog"),
  },
  { name: "migrations, none found", path: "/migrations?appliance=no-such-name" },
  { name: "debug files", path: "/debug-files" },
  { name: "debug files, none found", path: "/debug-files?appliance=no-such-name" },
  { name: "signatures", path: "/signatures" },
  { name: "add a signature", path: "/signatures", open: opens("Add a signature", "dialog") },
  { name: "findings", path: "/signatures/findings" },
  { name: "alarms", path: "/alarms?show=all" },
  { name: "operations", path: "/operations" },
  { name: "operations, newest first", path: "/operations?sort=-created_at" },
  { name: "backups", path: "/backups" },
  { name: "schedules", path: "/schedules" },
  { name: "backups, none found", path: "/backups?appliance=no-such-name" },
  { name: "operations, none found", path: "/operations?state=lost&kind=vm_adopt" },
  { name: "an operation", path: "/operations/OPERATION" },
  { name: "reliability", path: "/reliability" },
  { name: "reliability, nothing watched", path: "/reliability?q=no-such-name" },
  { name: "import uptimes", path: "/reliability", open: opens("Import a table", "dialog") },
  { name: "ends of boots", path: "/boots" },
  { name: "ends of boots, none found", path: "/boots?appliance=no-such-name" },
  { name: "releases", path: "/releases" },
  { name: "add a version", path: "/releases", open: opens("Add a version", "dialog") },
  { name: "enrolment", path: "/enrolment" },
  { name: "create a token", path: "/enrolment", open: opens("Create join token", "dialog") },
  { name: "audit", path: "/audit" },
  { name: "no such page", path: "/nowhere" },
];

test.each(["light", "dark"] as const)(
  "axe has no objection to any screen, %s",
  async (theme) => {
    const { page, context, faults } = await at(browser, "/appliances", { theme });
    const appliance = (await online(context))[0];
    const { operations } = await get<{ operations: Array<{ id: string }> }>(
      context,
      "/operations?limit=1",
    );
    const migration = await moving(context);
    const { url } = await send<{ url: string }>(
      context,
      "POST",
      `/migrations/${migration.id}/links`,
      {},
    );
    const operation = operations[0]?.id ?? "00000000-0000-7000-8000-000000000000";
    const objections: string[] = [];

    for (const { name, path, open } of SCREENS) {
      await page.goto(
        path
          .replace("MIGRATION", migration.id)
          .replace("OPERATION", operation)
          .replace("ID", appliance?.id ?? ""),
      );
      await settled(page);
      await open?.(page);
      const found = await violations(page);
      objections.push(...found.map((objection) => `${name}: ${objection}`));
    }

    for (const [name, link] of [
      ["on site", url],
      ["on site, over", "/on-site#none"],
    ] as const) {
      // Another fragment alone would load nothing anew.
      await page.goto("about:blank");
      await page.goto(link);
      await settled(page);
      const found = await violations(page);
      objections.push(...found.map((objection) => `${name}: ${objection}`));
    }
    expect(objections).toEqual([]);
    expect(faults).toEqual([]);
    await context.close();
  },
  420_000,
);

test.each(["light", "dark"] as const)("axe has no objection to the log-in, %s", async (theme) => {
  const { page, context } = await visit(browser, { theme });
  await page.goto("/");
  await page.getByLabel("E-mail").waitFor();

  expect(await violations(page)).toEqual([]);
  await context.close();
});

test("axe has no objection to the overview on a narrow screen, and none to its keys", async () => {
  const { page, context } = await at(browser, "/", { width: 390 });
  await page.getByRole("link", { name: /Online$/ }).waitFor();

  expect(await violations(page)).toEqual([]);
  await page.keyboard.press("Control+k");
  const first = page.getByRole("group", { name: "Go to" }).getByRole("menuitem").first();
  await first.waitFor();
  expect(await first.textContent()).toBe("Overview");
  await context.close();
});

test("axe has no objection to cards on a narrow screen", async () => {
  const { page, context } = await at(browser, "/appliances", { width: 390 });
  await online(context);
  await page.locator("[data-row]").first().waitFor();

  expect(await violations(page)).toEqual([]);
  await context.close();
});
