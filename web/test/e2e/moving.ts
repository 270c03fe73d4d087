// A migration that is wanted and does not go on: the simulated appliances carry none out. It holds its appliance for
// good, so that it is of one that other tests leave alone because it freezes.
import type { BrowserContext } from "playwright-core";

import type { MigrationRow } from "../../src/api/migrations";
import type { Appliance, Operation, UsbDrive } from "../../src/api/types";
import { sheltered } from "./browser";
import { eventually, get, send } from "./fleet";

/** What is read here of what a preflight comes to. */
interface Report {
  readonly blockers: readonly { readonly vm?: string | null; readonly sentence: string }[];
  readonly consents: readonly { readonly code: string; readonly typed: string }[];
}

/** The only one; begun where nobody has yet. */
export async function moving(context: BrowserContext): Promise<MigrationRow> {
  const { migrations } = await get<{ migrations: MigrationRow[] }>(context, "/migrations?limit=1");
  if (migrations[0]) return migrations[0];
  return eventually("an appliance that can be moved", () => begin(context), 240_000);
}

async function begin(context: BrowserContext): Promise<MigrationRow | undefined> {
  const path = "/appliances?q=presence%3Donline%20state%3Daccepted&limit=100&sort=-name";
  const { appliances } = await get<{ appliances: Appliance[] }>(context, path);
  for (const { id, name, read_only, vms_total } of appliances) {
    if (sheltered().has(name) || read_only || vms_total === 0) continue;
    if (!(await hasDrive(context, id))) continue;
    const preflight = await done(context, id, { operation: { kind: "migration_preflight" } });
    if (preflight?.state !== "succeeded") continue;
    const report = preflight.result as unknown as Report;
    const excluded = report.blockers.flatMap(({ vm }) =>
      vm ? [{ vm, reason: "in the way" }] : [],
    );
    const consent = report.consents.find(({ code }) => code === "only_copy");
    const wanted = {
      appliance: id,
      preflight: preflight.id,
      excluded: excluded.filter(({ vm }, at) => excluded.findIndex((one) => one.vm === vm) === at),
      ...(consent ? { one_copy: consent.typed } : {}),
    };
    const begun = await send<MigrationRow>(context, "POST", "/migrations", wanted).catch(
      () => null,
    );
    if (begun) return begun;
  }
  return undefined;
}

/** Whether a drive that backups can go to is plugged in; one that is empty is prepared. */
async function hasDrive(context: BrowserContext, id: string): Promise<boolean> {
  const { drives } = await get<{ drives: UsbDrive[] }>(context, `/appliances/${id}/usb-drives`);
  if (drives.some(({ use }) => use.kind === "ours")) return true;
  const empty = drives.find(({ use, hardware }) => {
    return use.kind === "empty" && hardware.serial?.startsWith("4C53");
  });
  const serial = empty?.hardware.serial;
  if (!empty || !serial) return false;
  const drive = { path: empty.path, size_bytes: empty.size_bytes, serial };
  const asked = { operation: { kind: "usb_prepare", drive }, confirm: serial };
  return (await done(context, id, asked))?.state === "succeeded";
}

/** What was asked of an appliance, once it is over; nothing where it froze meanwhile. */
async function done(context: BrowserContext, id: string, asked: object): Promise<Operation | null> {
  const path = `/appliances/${id}/operations`;
  const begun = await send<Operation>(context, "POST", path, asked).catch(() => null);
  if (!begun) return null;
  const look = async () => {
    const now = await get<Operation>(context, `/operations/${begun.id}`);
    return now.ended_at ? now : undefined;
  };
  return eventually("the end of an operation", look, 30_000).catch(() => null);
}
