// Why appliances freeze, uptimes of before, and what is known of versions: fetched and changed.
import { queryOptions } from "@tanstack/react-query";

import { answered, api } from "./client";
import { printFilter } from "./filter";
import type { Component, Release, ReleaseWords, UptimeImport } from "./types";

/** What the server takes where nothing is said. */
export const NORMAL_ALPHA = 0.01;

/** What can be said of appliances for which filter `q` holds. */
export const reliability = (q: string, alpha: number) =>
  queryOptions({
    queryKey: ["reliability", "all", q, alpha],
    queryFn: ({ signal }) => {
      const query = { ...(q ? { q } : {}), alpha };
      return answered(api.GET("/api/v1/reliability", { params: { query }, signal }));
    },
    // The server works it out once a minute.
    staleTime: 60_000,
  });

/** Two values of a component beside each other. */
export const comparison = (component: Component, a: string, b: string, q: string) =>
  queryOptions({
    queryKey: ["reliability", "comparison", component, a, b, q],
    queryFn: ({ signal }) => {
      const query = { component, a, b, ...(q ? { q } : {}) };
      return answered(api.GET("/api/v1/reliability/compare", { params: { query }, signal }));
    },
    staleTime: 60_000,
  });

export const uptimeImports = () =>
  queryOptions({
    queryKey: ["reliability", "imports"],
    queryFn: ({ signal }) => answered(api.GET("/api/v1/reliability/imports", { signal })),
  });

/** Brings a table of uptimes as it is, byte by byte: the server judges it. */
export function importUptimes(table: Blob, source: string): Promise<UptimeImport> {
  return answered(
    api.POST("/api/v1/reliability/imports", {
      params: { query: { source } },
      headers: { "Content-Type": "text/csv" },
      body: "",
      bodySerializer: () => table,
    }),
  );
}

export async function forgetUptimes(id: string): Promise<void> {
  await answered(api.DELETE("/api/v1/reliability/imports/{id}", { params: { path: { id } } }));
}

export const releases = () =>
  queryOptions({
    queryKey: ["releases"],
    queryFn: ({ signal }) => answered(api.GET("/api/v1/releases", { signal })),
  });

/** How many appliances of the fleet have that value of a key of the filter. */
export const runningCount = (key: string, value: string) =>
  queryOptions({
    queryKey: ["releases", "running", key, value],
    queryFn: async ({ signal }) => {
      const query = { q: runningFilter(key, value), limit: 1 };
      const page = await answered(api.GET("/api/v1/appliances", { params: { query }, signal }));
      return page.total;
    },
  });

export function runningFilter(key: string, value: string): string {
  return printFilter([
    { kind: "field", key, comparison: "=", values: [value] },
    { kind: "field", key: "state", comparison: "=", values: ["accepted"] },
  ]);
}

export function putRelease(said: ReleaseWords): Promise<Release> {
  return answered(api.PUT("/api/v1/releases", { body: said }));
}

export async function removeRelease(id: string): Promise<void> {
  await answered(api.DELETE("/api/v1/releases/{id}", { params: { path: { id } } }));
}
