// Schedules of backups: fetched, made, changed, and put into words.
import { queryOptions } from "@tanstack/react-query";

import { answered, api } from "./client";
import type { BackupSchedule, SchedulePatch, SchedulePlan, SchedulePreview } from "./types";

/** Their times pass by themselves, and tell of it by no event. */
const AGAIN = 20_000;

export const backupSchedules = () =>
  queryOptions({
    queryKey: ["backup-schedules"],
    queryFn: ({ signal }) => answered(api.GET("/api/v1/backup-schedules", { signal })),
    refetchInterval: AGAIN,
  });

/** What came of the newest time of each appliance of a schedule, failures first. */
export const scheduleRuns = (id: string) =>
  queryOptions({
    queryKey: ["backup-schedules", id, "runs"],
    queryFn: ({ signal }) => {
      const params = { path: { id }, query: { latest: true, limit: 500 } };
      return answered(api.GET("/api/v1/backup-schedules/{id}/runs", { params, signal }));
    },
    refetchInterval: AGAIN,
  });

export const schedulePreview = (plan: SchedulePlan) =>
  queryOptions({
    queryKey: ["backup-schedules", "preview", plan],
    queryFn: ({ signal }): Promise<SchedulePreview> =>
      answered(api.POST("/api/v1/backup-schedules/preview", { body: plan, signal })),
    retry: false,
  });

export function createSchedule(plan: SchedulePlan): Promise<BackupSchedule> {
  return answered(api.POST("/api/v1/backup-schedules", { body: plan }));
}

export function changeSchedule(id: string, patch: SchedulePatch): Promise<BackupSchedule> {
  const params = { path: { id } };
  return answered(api.PATCH("/api/v1/backup-schedules/{id}", { params, body: patch }));
}

export async function removeSchedule(id: string): Promise<void> {
  await answered(api.DELETE("/api/v1/backup-schedules/{id}", { params: { path: { id } } }));
}

export const DAYS = [
  "monday",
  "tuesday",
  "wednesday",
  "thursday",
  "friday",
  "saturday",
  "sunday",
] as const;

export type Day = (typeof DAYS)[number];

/** A day as it is written. */
export const dayName = (day: Day): string => day.charAt(0).toUpperCase() + day.slice(1);

/** When a schedule has backups made, as a sentence has it. */
export function whenInWords({ at, days = [], spread_minutes: spread = 0 }: SchedulePlan["when"]) {
  const named = DAYS.filter((day) => days.includes(day)).map(dayName);
  const on = named.length === 0 || named.length === 7 ? "every day" : `on ${listed(named)}`;
  const within = spread === 0 ? "" : `, spread over ${spread} minutes`;
  return `${on} at ${at}${within}`;
}

/** What a schedule keeps, as a sentence has it. */
export function keepInWords(keep: SchedulePlan["keep"]): string {
  const parts = [
    [keep?.last, "newest"],
    [keep?.daily, "daily"],
    [keep?.weekly, "weekly"],
    [keep?.monthly, "monthly"],
  ] as const;
  const kept = parts.filter(([count]) => count).map(([count, word]) => `${count} ${word}`);
  return kept.length === 0 ? "all sets" : `${listed(kept)} sets`;
}

function listed(words: readonly string[]): string {
  if (words.length < 2) return words.join("");
  return `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`;
}

/** What the sets are made as. */
export function makeupInWords({ encrypted, parity }: SchedulePlan): string {
  return `${encrypted ? "encrypted sets" : "sets that whoever has the drive can read"}${parity ? ", with parity" : ""}`;
}
