// Migrations to the next line of releases: what the API tells of them, and what can be asked for.
import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";

import { sendRaw } from "./client";
import { download } from "./download";
import { problemOf } from "./problem";

/** A migration, as lists tell of it. */
export interface MigrationRow {
  readonly id: string;
  readonly appliance: { readonly id: string; readonly name: string };
  readonly phase: string;
  readonly is_past_the_point: boolean;
  readonly waits?: string | null;
  readonly what?: string | null;
  readonly trouble?: string | null;
  readonly done?: number | null;
  readonly total?: number | null;
  readonly started_at: string;
  readonly started_by?: Person | null;
  readonly changed_at?: string | null;
  readonly heard_at?: string | null;
  readonly ended_at?: string | null;
  readonly soaking_until?: string | null;
  readonly vms_total: number;
  readonly vms_settled: number;
  readonly vms_failed: number;
}

export type Person = string | { readonly email: string };

export interface LineStep {
  readonly phase: string;
  readonly state: "done" | "current" | "ahead" | "skipped";
  readonly at?: string | null;
  readonly evidence: readonly string[];
}

export type Progress =
  | { readonly state: "waiting" | "restored" | "configured" | "booting" | "healthy" }
  | { readonly state: "failed"; readonly at: string; readonly reason: string }
  | { readonly state: "waived"; readonly by: string };

export interface MigratedVm {
  readonly vm: string;
  readonly name: string;
  readonly progress: Progress;
}

export interface PermitFacts {
  readonly id: string;
  readonly issued_at: string;
  readonly not_after: string;
}

/** What a person has decided, and what came of it. */
export interface Decision {
  readonly number: number;
  readonly by: string;
  readonly at: string;
  readonly decision: string;
  readonly vm?: string | null;
  readonly afresh?: boolean;
  readonly reason?: string | null;
  readonly state: "waiting" | "done" | "refused";
  readonly why?: string | null;
}

/** A step that a person does. */
export interface Task {
  readonly number: number;
  readonly text: string;
  readonly state: "done" | "now" | "later";
  readonly who: "on_site" | "operator";
}

export interface Plan {
  readonly vms: readonly { uuid: string; name: string; was_running: boolean }[];
  readonly excluded?: readonly { uuid: string; name: string; by: string; reason: string }[];
  readonly copies: { readonly kind: string; readonly by?: string; readonly at?: string };
  readonly downtime_seconds: number;
  readonly soak_seconds: number;
}

export interface Migration extends MigrationRow {
  readonly plan: Plan;
  readonly drive?: string | null;
  readonly line: readonly LineStep[];
  readonly vms: readonly MigratedVm[];
  readonly permit?: PermitFacts | null;
  readonly way_back?: PermitFacts | null;
  readonly given_up?: { end: string; reason: string; by: string; at: string } | null;
  readonly lost?: { reason: string; by: string; at: string } | null;
  readonly decisions: readonly Decision[];
  readonly tasks: readonly Task[];
  readonly may: {
    readonly cancel: boolean;
    readonly defer: boolean;
    readonly roll_back: boolean;
    readonly stay: boolean;
    readonly lose: boolean;
    readonly permit_file: boolean;
  };
}

/** A line of a migration's journal, of which `event` says what else is in it. */
export interface MigrationRecord {
  readonly number: number;
  readonly at: string;
  readonly on: string;
  readonly agent: string;
  readonly decision?: number | null;
  readonly event: string;
  readonly [more: string]: unknown;
}

export interface NewMigration {
  readonly appliance: string;
  readonly preflight: string;
  readonly excluded?: readonly { vm: string; reason: string }[];
  readonly one_copy?: string;
  readonly second_drive?: string;
  readonly downtime_seconds?: number;
  readonly soak_seconds?: number;
}

interface Rows {
  readonly migrations: readonly MigrationRow[];
  readonly total: number;
  readonly next?: string | null;
}

interface Records {
  readonly records: readonly MigrationRecord[];
  readonly total: number;
  readonly next?: number | null;
}

const ROOT = "/api/v1/migrations";
const pathOf = (id: string) => `${ROOT}/${encodeURIComponent(id)}`;

async function call<T>(
  method: string,
  path: string,
  { signal, body }: { signal?: AbortSignal; body?: object } = {},
): Promise<T> {
  const response = await sendRaw(path, {
    method,
    headers: body ? { "Content-Type": "application/json" } : {},
    ...(body ? { body: JSON.stringify(body) } : {}),
    signal: signal ?? new AbortController().signal,
  });
  const answer: unknown = await response.json().catch(() => null);
  if (!response.ok) {
    throw problemOf(response.status, answer, response.headers.get("x-request-id"));
  }
  return answer as T;
}

function fetchRows(query: Record<string, string>, signal: AbortSignal): Promise<Rows> {
  return call("GET", `${ROOT}?${new URLSearchParams(query).toString()}`, { signal });
}

/** All migrations that filter `q` leaves, newest first, a part at a time. */
export const allMigrations = (q: string) =>
  infiniteQueryOptions({
    queryKey: ["migrations", "all", q],
    queryFn: ({ signal, pageParam }) =>
      fetchRows({ q, limit: "100", ...(pageParam ? { after: pageParam } : {}) }, signal),
    initialPageParam: "",
    getNextPageParam: (page) => page.next ?? null,
  });

/** How many migrations are under way. */
export const openMigrations = () =>
  queryOptions({
    queryKey: ["migrations", "open"],
    queryFn: async ({ signal }) => (await fetchRows({ q: "ended=no", limit: "1" }, signal)).total,
  });

/** The migrations of one appliance, newest first. */
export const migrationsOf = (appliance: { id: string; name: string }) =>
  queryOptions({
    queryKey: ["migrations", "of", appliance.id, appliance.name],
    queryFn: async ({ signal }) => {
      const { migrations } = await fetchRows({ q: filterOf(appliance.name), limit: "100" }, signal);
      // The filter looks for a part of the name.
      return migrations.filter((row) => row.appliance.id === appliance.id);
    },
  });

export const migrationDetail = (id: string) =>
  queryOptions({
    queryKey: ["migration", id, "detail"],
    queryFn: ({ signal }) => call<Migration>("GET", pathOf(id), { signal }),
  });

/** What its journal tells, from the beginning, a part at a time. */
export const migrationRecords = (id: string) =>
  infiniteQueryOptions({
    queryKey: ["migration", id, "records"],
    queryFn: ({ signal, pageParam }) => {
      const query = new URLSearchParams({ limit: "100", ...(pageParam && { after: pageParam }) });
      return call<Records>("GET", `${pathOf(id)}/records?${query.toString()}`, { signal });
    },
    initialPageParam: "",
    getNextPageParam: (page) => (typeof page.next === "number" ? String(page.next) : null),
  });

export function startMigration(wanted: NewMigration): Promise<Migration> {
  return call("POST", ROOT, { body: wanted });
}

export function cancelMigration(id: string, reason: string, defer: boolean): Promise<Migration> {
  return call("POST", `${pathOf(id)}/cancel`, { body: { reason, defer } });
}

export function rollBackMigration(id: string, reason: string): Promise<Migration> {
  return call("POST", `${pathOf(id)}/rollback`, { body: { reason } });
}

export function stayMigrated(id: string): Promise<Migration> {
  return call("POST", `${pathOf(id)}/stay`);
}

export function loseAppliance(id: string, reason: string): Promise<Migration> {
  return call("POST", `${pathOf(id)}/lose`, { body: { reason } });
}

export function retryVm(id: string, vm: string, afresh: boolean): Promise<Migration> {
  return call("POST", `${pathOf(id)}/vms/${encodeURIComponent(vm)}/retry`, { body: { afresh } });
}

export function waiveVm(id: string, vm: string): Promise<Migration> {
  return call("POST", `${pathOf(id)}/vms/${encodeURIComponent(vm)}/waive`);
}

/** The permit as a file, for an appliance that the server does not reach. */
export function downloadPermit(id: string, wayBack: boolean): Promise<void> {
  return download(`${pathOf(id)}/permit${wayBack ? "?way_back=true" : ""}`);
}

/** The language of filters has no escapes: what cannot be written in it is left out. */
export function filterOf(appliance: string, state = ""): string {
  const text = appliance.trim().replaceAll(/["\\]/g, "");
  const term =
    state === "open"
      ? "ended=no"
      : state === "over"
        ? "ended=yes"
        : /^[a-z_]+$/.test(state)
          ? `phase=${state}`
          : "";
  return [text === "" ? "" : `appliance~"${text}"`, term].filter((part) => part !== "").join(" ");
}

export function nameOf(person: Person | null | undefined): string {
  if (!person) return "the server";
  return typeof person === "string" ? person : person.email;
}
