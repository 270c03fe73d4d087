// What became of an appliance over time.
import { queryOptions } from "@tanstack/react-query";

import { answered, api } from "./client";
import { fetchOperations } from "./queries";
import type { Boot } from "./types";

export const applianceComponents = (id: string) =>
  queryOptions({
    queryKey: ["appliance", id, "components"],
    queryFn: ({ signal }) =>
      answered(api.GET("/api/v1/appliances/{id}/components", { params: { path: { id } }, signal })),
  });

/** No more are drawn: whoever boots that often has other troubles. */
const BOOTS = 2000;

/** The boots of an appliance, newest first, and how many there are. */
export const bootHistory = (id: string) =>
  queryOptions({
    queryKey: ["appliance", id, "boot-history"],
    queryFn: async ({ signal }) => {
      const boots: Boot[] = [];
      let next: string | null | undefined;
      let total = 0;
      do {
        const params = { path: { id }, query: { limit: 500, ...(next ? { next } : {}) } };
        const page = await answered(api.GET("/api/v1/appliances/{id}/boots", { params, signal }));
        boots.push(...page.boots);
        ({ next, total } = page);
      } while (next && boots.length < BOOTS);
      return { boots, total };
    },
  });

/** The newest operations of an appliance, and how many there are. */
export const operationHistory = (id: string) =>
  queryOptions({
    queryKey: ["appliance-operations", id, "history"],
    queryFn: ({ signal }) =>
      fetchOperations({ appliance: id, sort: "-created_at", limit: 500 }, signal),
  });

/** The newest bundles of an appliance, and how many there are. */
export const bundleHistory = (appliance: string) =>
  queryOptions({
    queryKey: ["bundles", appliance, "history"],
    queryFn: ({ signal }) => {
      const query = { appliance, sort: "-created_at", limit: 500 };
      return answered(api.GET("/api/v1/bundles", { params: { query }, signal }));
    },
  });
