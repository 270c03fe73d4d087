// Finds in the fleet what a test needs, through the same API as the page and with its log-in.
import type { BrowserContext } from "playwright-core";

import type { Appliance, Vm } from "../../src/api/types";
import { sheltered } from "./browser";

export async function get<T>(context: BrowserContext, path: string): Promise<T> {
  const answer = await context.request.get(`/api/v1${path}`);
  if (!answer.ok()) throw new Error(`GET ${path}: ${answer.status()} ${await answer.text()}`);
  return (await answer.json()) as T;
}

/** Changes something as the page does: what the cookie says is said in a header, too. */
export async function send<T>(
  context: BrowserContext,
  method: "POST" | "PUT" | "DELETE",
  path: string,
  data?: object,
): Promise<T> {
  const cookie = (await context.cookies()).find(({ name }) => name.endsWith("domfleet_csrf"));
  const headers = { "X-CSRF-Token": cookie?.value ?? "" };
  const answer = await context.request.fetch(`/api/v1${path}`, { method, headers, data });
  const text = await answer.text();
  if (!answer.ok()) throw new Error(`${method} ${path}: ${answer.status()} ${text}`);
  return (text === "" ? undefined : JSON.parse(text)) as T;
}

/** Asks again and again until `look` finds it. */
export async function eventually<T>(
  what: string,
  look: () => Promise<T | undefined>,
  within = 90_000,
): Promise<T> {
  const end = Date.now() + within;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (Date.now() > end) throw new Error(`in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
}

/** Appliances that can be asked for something and do not freeze meanwhile, once there are some. */
export function online(context: BrowserContext): Promise<readonly Appliance[]> {
  return eventually("appliances that are online", async () => {
    const path = "/appliances?q=presence%3Donline%20state%3Daccepted&limit=100&sort=name";
    const { appliances } = await get<{ appliances: Appliance[] }>(context, path);
    const calm = sheltered();
    const free = appliances.filter(({ name, read_only, vms_total }) => {
      return calm.has(name) && !read_only && vms_total > 0;
    });
    return free.length > 2 ? free : undefined;
  });
}

/** A VM that is off, or one that runs. */
export function vmThatIs(context: BrowserContext, state: "off" | "running") {
  return eventually(`a VM that is ${state}`, async () => {
    for (const appliance of await online(context)) {
      const { vms } = await get<{ vms: Vm[] }>(context, `/appliances/${appliance.id}/vms`);
      const vm = vms.find((candidate) => candidate.state === state);
      if (vm) return { appliance, vm };
    }
    return undefined;
  });
}
