// Signatures of known faults, and what was found of them.
import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";

import { answered, api } from "./client";
import type { NewSignature, Severity, Signature } from "./types";

/** From the gravest on. */
export const SEVERITIES: readonly Severity[] = ["fatal", "crit", "high", "warn", "info"];

export const allSignatures = () =>
  queryOptions({
    queryKey: ["signatures"],
    queryFn: ({ signal }) => answered(api.GET("/api/v1/signatures", { signal })),
  });

/** As a filter writes them: what somebody should look into first. */
export const GRAVE = "fatal,crit";

/** The findings that filter `q` leaves, a part at a time. */
export const allFindings = (q: string, sort: string) =>
  infiniteQueryOptions({
    queryKey: ["bundles", "findings", "all", q, sort],
    queryFn: ({ signal, pageParam }) => {
      const query = { q, sort, limit: 100, ...(pageParam ? { next: pageParam } : {}) };
      return answered(api.GET("/api/v1/findings", { params: { query }, signal }));
    },
    initialPageParam: "",
    getNextPageParam: (page) => page.next ?? null,
  });

export function addSignature(signature: NewSignature): Promise<Signature> {
  return answered(api.POST("/api/v1/signatures", { body: signature }));
}

export async function removeSignature(id: string): Promise<void> {
  await answered(api.DELETE("/api/v1/signatures/{id}", { params: { path: { id } } }));
}
