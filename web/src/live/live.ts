// Joins the stream of events to what the pages show: rows change in their stores, everything else
// is fetched again, at most twice a second.
import { QueryClient } from "@tanstack/react-query";
import { useSyncExternalStore } from "react";

import { Problem } from "../api/problem";
import { renew } from "../api/session";
import type { Appliance, Components, Operation } from "../api/types";
import { collecting } from "./collecting";
import { LiveStream, type Change, type LiveState } from "./stream";
import { RowStore, type Row } from "./store";

export const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 15_000,
      networkMode: "always",
      refetchOnWindowFocus: false,
      retry: (failures, error) => failures < 3 && error instanceof Problem && error.passes,
      throwOnError: false,
    },
    mutations: { networkMode: "always" },
  },
});

export const appliances = new RowStore<Appliance>();
export const operations = new RowStore<Operation>();

/** Fetches the queries whose key begins with these words again, soon. */
const refetchSoon = refetching(500);
/** The same for what is counted through the whole fleet, which takes many requests: it may lag a little. */
const refetchCalmly = refetching(3_000);

function refetching(every: number) {
  return collecting(every, (key) => void queries.invalidateQueries({ queryKey: key }));
}

function take(change: Change): void {
  switch (change.kind) {
    case "appliance":
      takeAppliance(change);
      break;
    case "operation":
      takeOperation(change);
      break;
    case "alarm":
      refetchSoon("alarms");
      refetchTopic(change.topic);
      break;
    case "migration":
      refetchSoon("migrations");
      refetchSoon("migration", change.id);
      refetchTopic(change.topic);
      break;
    case "bundle":
      refetchSoon("bundles");
      refetchCalmly("overview", "findings");
      break;
    default:
      // A kind that this build does not know belongs to whatever its topic names.
      refetchTopic(change.topic);
  }
}

function takeAppliance(change: Change): void {
  const before = appliances.get(change.id);
  const row = isRow(change.row) ? (change.row as Appliance) : undefined;
  if (row) appliances.change(row);
  refetchSoon("appliance", change.id);
  if (!row || !before || startedOrChanged(before, row)) {
    refetchCalmly("overview", "started");
    refetchCalmly("boots");
    refetchCalmly("releases", "running");
  }
  if (row && before?.presence === row.presence && before.state === row.state) return;
  refetchCalmly("overview", "appliances");
  refetchCalmly("overview", "joined");
  refetchSoon("presence-counts");
  refetchSoon("pending");
}

function startedOrChanged(before: Appliance, after: Appliance): boolean {
  const [old, now] = [before.components, after.components];
  const keys = Object.keys({ ...old, ...now }) as (keyof Components)[];
  return before.booted_at !== after.booted_at || keys.some((key) => old[key] !== now[key]);
}

function takeOperation(change: Change): void {
  const row = isRow(change.row) ? (change.row as Operation) : undefined;
  const before = operations.get(change.id);
  if (row) operations.change(row);
  // Progress changes the row alone; a new state changes which lists it is in.
  if (row && before?.state === row.state) return;
  refetchSoon("active-operations");
  refetchSoon("operation-counts");
  refetchCalmly("overview", "failed");
  if (row?.bulk_id) {
    refetchSoon("bulk", row.bulk_id);
    refetchSoon("bulks");
  }
  if (row?.kind.startsWith("usb_")) refetchSoon("fleet-drives");
  if (row?.kind.startsWith("backup_")) refetchSoon("backup-sets");
  if (row) refetchSoon("appliance-operations", row.appliance.id);
}

function refetchTopic(topic: string): void {
  const [noun, id] = topic.split(":");
  if (noun === "appliance" && id) refetchSoon("appliance", id);
}

function isRow(row: unknown): row is Row {
  return typeof row === "object" && row !== null && "id" in row && "version" in row;
}

export const stream = new LiveStream(
  {
    open: (url) => new EventSource(url),
    renew,
    after: (milliseconds, work) => {
      const timer = setTimeout(work, milliseconds);
      return () => clearTimeout(timer);
    },
  },
  {
    changes: (changes) => changes.forEach(take),
    gap: () => void queries.invalidateQueries(),
  },
);

document.addEventListener("visibilitychange", () => stream.visible(!document.hidden));

export function useLiveState(): LiveState {
  return useSyncExternalStore(stream.subscribe, () => stream.state);
}

/** No event tells that time goes by: what was today is yesterday's. A page that stands still does not ask. */
export function useEveryMinute(): number | false {
  return useLiveState() === "paused" ? false : 60_000;
}

/** The row of that id as it is now. */
export function useRow<T extends Row>(store: RowStore<T>, id: string): T | undefined {
  return useSyncExternalStore(
    (listener) => store.subscribe(id, listener),
    () => store.get(id),
  );
}
