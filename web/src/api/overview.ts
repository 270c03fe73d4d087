// What is counted for the overview. Counts are `total` of lists that are asked for one row; where the
// API cannot count by time, the newest rows are fetched, and whoever shows them says how far that goes.
import { queryOptions } from "@tanstack/react-query";

import { answered, api } from "./client";
import { fetchOperations } from "./queries";
import { GRAVE } from "./signatures";
import type { Appliance, Boot, Presence } from "./types";

/** No more rows of a list are looked at for what is new. */
export const NEWEST = 100;
/** Of no more appliances is asked how the boot before ended. */
export const STARTED = 25;
/** Of no more appliances is asked when they joined. */
export const JOINED = 10;

export const PRESENCES: readonly Presence[] = ["online", "stale", "offline", "expected_offline"];

/** The filter of appliances for those of the fleet that are heard of in that way. */
export const presenceFilter = (presence: Presence) => `presence=${presence} state=accepted`;
export const PENDING = "state=pending";
/** Those that were started in the last 24 hours: it counts whole days. */
export const STARTED_LATELY = "uptime<1 state=accepted";

async function countAppliances(q: string, signal: AbortSignal): Promise<number> {
  const query = { q, limit: 1 };
  return (await answered(api.GET("/api/v1/appliances", { params: { query }, signal }))).total;
}

export interface FleetCounts {
  readonly pending: number;
  readonly presences: ReadonlyArray<readonly [Presence, number]>;
}

/** How many appliances of the fleet are heard of in which way, and how many wait to be accepted. */
export const fleetCounts = () =>
  queryOptions({
    queryKey: ["overview", "appliances"],
    queryFn: async ({ signal }): Promise<FleetCounts> => {
      const filters = [PENDING, ...PRESENCES.map(presenceFilter)];
      const [pending = 0, ...counts] = await Promise.all(
        filters.map((q) => countAppliances(q, signal)),
      );
      return {
        pending,
        presences: PRESENCES.map((state, at) => [state, counts[at] ?? 0] as const),
      };
    },
  });

/** The alarms that are not over: how many there are, and the newest. */
export const newestAlarms = () =>
  queryOptions({
    queryKey: ["alarms", "newest"],
    queryFn: ({ signal }) => {
      const query = { q: "over=no", limit: 5 };
      return answered(api.GET("/api/v1/alarms", { params: { query }, signal }));
    },
  });

export interface Started {
  readonly appliance: Appliance;
  /** Newest first. */
  readonly boots: readonly Boot[];
}

/** The boots of an appliance until now. A new start is another key; how the one before ended may be found later. */
const bootsUntil = ({ id, booted_at }: Appliance) =>
  queryOptions({
    queryKey: ["appliance", id, "boots-until", booted_at ?? ""],
    queryFn: ({ signal }) => {
      const params = { path: { id }, query: { limit: 10 } };
      return answered(api.GET("/api/v1/appliances/{id}/boots", { params, signal }));
    },
    staleTime: 60_000,
  });

/** How many appliances were started in the last 24 hours, and the boots of those that were so last. */
export const startedLately = () =>
  queryOptions({
    queryKey: ["overview", "started"],
    queryFn: async ({ client, signal }) => {
      const query = { q: STARTED_LATELY, sort: "-booted_at", limit: STARTED };
      const page = await answered(api.GET("/api/v1/appliances", { params: { query }, signal }));
      const started = await Promise.all(
        page.appliances.map(async (appliance): Promise<Started> => {
          return { appliance, boots: (await client.fetchQuery(bootsUntil(appliance))).boots };
        }),
      );
      return { total: page.total, started };
    },
  });

/** When the appliances joined that did so last. That never changes. */
export const joinedLately = () =>
  queryOptions({
    queryKey: ["overview", "joined"],
    queryFn: async ({ client, signal }) => {
      const query = { sort: "-created_at", limit: JOINED };
      const page = await answered(api.GET("/api/v1/appliances", { params: { query }, signal }));
      return Promise.all(page.appliances.map(({ id }) => client.fetchQuery(joining(id))));
    },
  });

const joining = (id: string) =>
  queryOptions({
    queryKey: ["joining", id],
    queryFn: async ({ signal }) => {
      const params = { path: { id } };
      const one = await answered(api.GET("/api/v1/appliances/{id}", { params, signal }));
      return { id, name: one.name, joined_at: one.created_at };
    },
    staleTime: Infinity,
  });

/** The operations that failed or were lost, those first that were asked for last. */
export const failedLately = () =>
  queryOptions({
    queryKey: ["overview", "failed"],
    queryFn: async ({ signal }) => {
      const query = { states: "lost,failed,rejected", sort: "-created_at", limit: NEWEST };
      return (await fetchOperations(query, signal)).operations.map((one) => one.created_at);
    },
  });

/** The newest grave findings. */
export const graveFindings = () =>
  queryOptions({
    queryKey: ["overview", "findings"],
    queryFn: async ({ signal }) => {
      const query = { severity: GRAVE, sort: "-found_at", limit: NEWEST };
      return (await answered(api.GET("/api/v1/findings", { params: { query }, signal }))).findings;
    },
  });
