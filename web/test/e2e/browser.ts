// What the browser tests share: Chromium, a log-in, and axe.
//
// They run against a real server with simulated appliances. DOMFLEET_DEMO names the file that
// `make demo` writes; nothing here knows how the server is started.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { chromium, type Browser, type BrowserContext, type Page } from "playwright-core";

interface Demo {
  readonly url: string;
  readonly email: string;
  readonly password: string;
}

const file = process.env.DOMFLEET_DEMO;
if (!file) {
  throw new Error("DOMFLEET_DEMO must name the demo.json of a running server: run `make test`");
}
export const demo = JSON.parse(readFileSync(file, "utf8")) as Demo;

/** The names of the appliances that do not freeze in the middle of a test. */
export function sheltered(): ReadonlySet<string> {
  return new Set(readFileSync(join(dirname(file ?? ""), "sheltered"), "utf8").split("\n"));
}

const EXECUTABLE = process.env.CHROMIUM ?? "/usr/bin/chromium";
const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

export function launch(): Promise<Browser> {
  return chromium.launch({ executablePath: EXECUTABLE, args: FLAGS });
}

export interface Visit {
  readonly page: Page;
  readonly context: BrowserContext;
  /** What went wrong in the page: faults, and breaches of the content security policy. */
  readonly faults: string[];
}

interface Options {
  readonly theme?: "light" | "dark";
  readonly width?: number;
}

/** A new person at a new desk, not logged in. */
export async function visit(browser: Browser, { theme, width }: Options = {}): Promise<Visit> {
  const context = await browser.newContext({
    // The server's certificate is its own CA's.
    ignoreHTTPSErrors: true,
    colorScheme: theme ?? "light",
    viewport: { width: width ?? 1280, height: 800 },
    baseURL: demo.url,
  });
  const page = await context.newPage();
  page.setDefaultTimeout(45_000);
  const faults: string[] = [];
  page.on("pageerror", (error) => faults.push(error.message));
  page.on("console", (message) => {
    const text = message.text();
    // A refused request is logged by the browser itself; the page's answer to it is what is tested.
    if (message.type() === "error" && !text.startsWith("Failed to load resource")) {
      faults.push(text);
    }
  });
  return { page, context, faults };
}

export async function logIn(page: Page): Promise<void> {
  await page.getByLabel("E-mail").fill(demo.email);
  await page.getByLabel("Password").fill(demo.password);
  await page.getByRole("button", { name: "Log in" }).click();
}

/** Somebody who is logged in and looks at `path`. */
export async function at(browser: Browser, path: string, options?: Options): Promise<Visit> {
  const visitor = await visit(browser, options);
  await visitor.page.goto(path);
  await logIn(visitor.page);
  await visitor.page.locator('[data-live="live"]').waitFor();
  await settled(visitor.page);
  return visitor;
}

/** Waits until the page has its heading and nothing is being loaded. */
export async function settled(page: Page): Promise<void> {
  await page.getByRole("heading", { level: 1 }).waitFor();
  await page.waitForFunction(() => {
    const words = [...document.querySelectorAll('main [role="status"]')];
    return words.every((word) => !word.textContent?.startsWith("Loading"));
  });
}

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

/** What axe objects to on the page as it is. */
export async function violations(page: Page): Promise<string[]> {
  // Something half faded in has other colours than it is going to have.
  await page.waitForFunction(() =>
    document.getAnimations().every(({ effect }) => {
      return effect?.getComputedTiming().iterations === Infinity;
    }),
  );
  // By evaluation: the content security policy forbids a script element.
  await page.evaluate(axe);
  return page.evaluate(async (tags) => {
    interface Result {
      violations: Array<{ id: string; help: string; nodes: Array<{ html: string }> }>;
    }
    const { axe } = window as unknown as { axe: { run(options: unknown): Promise<Result> } };
    const result = await axe.run({ runOnly: tags });
    return result.violations.map(({ id, help, nodes }) => {
      return `${id}: ${help}: ${nodes.map(({ html }) => html.slice(0, 160)).join(" | ")}`;
    });
  }, TAGS);
}
