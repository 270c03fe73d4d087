// What is counted for the overview: `total` of lists, of which no more rows are asked for than are shown.
import { queryOptions } from "@tanstack/react-query";

import { AMISS, DEATHS } from "./boots";
import { answered, api } from "./client";
import { fetchOperations } from "./queries";
import { GRAVE } from "./signatures";
import type { Presence } from "./types";
import { LATELY, withinTerm } from "./within";

export const PRESENCES: readonly Presence[] = ["online", "stale", "offline", "expected_offline"];

/** The filter of appliances for those of the fleet that are heard of in that way. */
export const presenceFilter = (presence: Presence) => `presence=${presence} state=accepted`;
export const PENDING = "state=pending";
/** Those that were started in the last 24 hours: it counts whole days. */
export const STARTED_LATELY = "uptime<1 state=accepted";
/** Those that asked to join in the last 24 hours. */
export const JOINED_LATELY = "joined<1";

/** So many of the newest ends are listed; the page of ends has the others. */
const ENDS = 8;
/** So many of the newest appliances are named. */
const JOINED = 3;

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

/** How many appliances were started in the last 24 hours. */
export const startedLately = () =>
  queryOptions({
    queryKey: ["overview", "started"],
    queryFn: ({ signal }) => countAppliances(STARTED_LATELY, signal),
  });

/** How many boots ended in the last 24 hours, how many of them by a death, and what is amiss of them. */
export const endsLately = () =>
  queryOptions({
    queryKey: ["boots", "lately"],
    queryFn: async ({ signal }) => {
      const ends = (limit: number, end?: string) => {
        const q = [end && `end=${end}`, withinTerm("ended", LATELY)].filter(Boolean).join(" ");
        return answered(api.GET("/api/v1/boots", { params: { query: { q, limit } }, signal }));
      };
      const [all, deaths, amiss] = await Promise.all([ends(1), ends(1, DEATHS), ends(ENDS, AMISS)]);
      return {
        all: all.total,
        deaths: deaths.total,
        unknown: amiss.total - deaths.total,
        amiss: amiss.total,
        newest: amiss.boots,
      };
    },
  });

/** How many appliances asked to join in the last 24 hours, and the last of them. */
export const joinedLately = () =>
  queryOptions({
    queryKey: ["overview", "joined"],
    queryFn: ({ signal }) => {
      const query = { q: JOINED_LATELY, sort: "-created_at", limit: JOINED };
      return answered(api.GET("/api/v1/appliances", { params: { query }, signal }));
    },
  });

/** How many operations failed in the last 24 hours. */
export const failedLately = () =>
  queryOptions({
    queryKey: ["overview", "failed"],
    queryFn: async ({ signal }) => {
      const query = { states: "lost,failed,rejected", ended: LATELY, limit: 1 };
      return (await fetchOperations(query, signal)).total;
    },
  });

/** How many grave findings there were in the last 24 hours. */
export const graveFindings = () =>
  queryOptions({
    queryKey: ["overview", "findings"],
    queryFn: async ({ signal }) => {
      const query = { q: `severity=${GRAVE} ${withinTerm("found", LATELY)}`, limit: 1 };
      return (await answered(api.GET("/api/v1/findings", { params: { query }, signal }))).total;
    },
  });
