// Debug bundles: fetched, looked into, held, and removed.
import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";

import { answered, api } from "./client";
import { download } from "./download";
import { problemOf } from "./problem";
import type { Bundle, Finding } from "./types";

/** The bundles that filter `q` leaves, a part at a time. */
export const allBundles = (q: string, sort: string) =>
  infiniteQueryOptions({
    queryKey: ["bundles", "all", q, sort],
    queryFn: ({ signal, pageParam }) => {
      const query = { q, sort, limit: 100, ...(pageParam ? { next: pageParam } : {}) };
      return answered(api.GET("/api/v1/bundles", { params: { query }, signal }));
    },
    initialPageParam: "",
    getNextPageParam: (page) => page.next ?? null,
  });

export const bundleDetail = (id: string) =>
  queryOptions({
    queryKey: ["bundles", "one", id],
    queryFn: ({ signal }) =>
      answered(api.GET("/api/v1/bundles/{id}", { params: { path: { id } }, signal })),
  });

/** What is in a bundle does not change; its findings do, when it is searched for more. */
export const bundleFiles = (id: string) =>
  queryOptions({
    queryKey: ["bundle-files", id],
    queryFn: ({ signal }) =>
      answered(api.GET("/api/v1/bundles/{id}/files", { params: { path: { id } }, signal })),
    staleTime: Infinity,
  });

/** The lines of a bundle in which a text is. */
export const bundleSearch = (id: string, q: string) =>
  queryOptions({
    queryKey: ["bundle-search", id, q],
    queryFn: ({ signal }) => {
      const params = { path: { id }, query: { q, limit: 200 } };
      return answered(api.GET("/api/v1/bundles/{id}/search", { params, signal }));
    },
    enabled: q !== "",
    staleTime: Infinity,
  });

/** What was found in a bundle, the gravest first. */
export const findingsOf = (bundle: string) =>
  queryOptions({
    queryKey: ["bundles", "findings", bundle],
    queryFn: ({ signal }) => {
      const query = { bundle, sort: "-severity", limit: 500 };
      return answered(api.GET("/api/v1/findings", { params: { query }, signal }));
    },
  });

/** A filter has room for so many ids. */
const IDS = 90;

/** The gravest finding of each of these bundles that has one. */
export const gravestOf = (bundles: readonly string[]) =>
  queryOptions({
    queryKey: ["bundles", "gravest", ...bundles],
    queryFn: async ({ signal }) => {
      const found = new Map<string, Finding>();
      let left: readonly string[] = bundles;
      while (left.length > 0) {
        const asked = left.slice(0, IDS);
        const query = { q: `bundle=${asked.join(",")}`, sort: "-severity", limit: 500 };
        const page = await answered(api.GET("/api/v1/findings", { params: { query }, signal }));
        for (const finding of page.findings) {
          if (!found.has(finding.bundle)) found.set(finding.bundle, finding);
        }
        // Where the graver ones of some filled the page, the others are asked for by themselves.
        const isWhole = page.findings.length === page.total || page.findings.length === 0;
        left = left.filter((id) => !found.has(id) && !(isWhole && asked.includes(id)));
      }
      return found;
    },
    enabled: bundles.length > 0,
  });

/** A part of a file as text. */
export interface FilePart {
  readonly text: string;
  /** Where the next part begins; nothing at the end. */
  readonly next: number | null;
  /** Why there is no next part although the file goes on. */
  readonly trouble: string | null;
}

export async function filePart(
  id: string,
  path: string,
  offset: number,
  limit: number,
  signal: AbortSignal,
): Promise<FilePart> {
  const params = { path: { id, path }, query: { offset, limit } };
  const { data, error, response } = await api.GET("/api/v1/bundles/{id}/files/{path}", {
    params,
    parseAs: "text",
    signal,
  });
  if (!response.ok) {
    throw problemOf(response.status, error, response.headers.get("x-request-id"));
  }
  const next = response.headers.get("x-next-offset");
  return {
    text: data ?? "",
    next: next === null ? null : Number(next),
    trouble: response.headers.get("x-trouble"),
  };
}

export function holdBundle(id: string, note: string): Promise<Bundle> {
  return answered(
    api.POST("/api/v1/bundles/{id}/hold", { params: { path: { id } }, body: { note } }),
  );
}

export function releaseBundle(id: string): Promise<Bundle> {
  return answered(api.POST("/api/v1/bundles/{id}/release", { params: { path: { id } } }));
}

export async function removeBundle(id: string): Promise<void> {
  await answered(api.DELETE("/api/v1/bundles/{id}", { params: { path: { id } } }));
}

const bundlePath = (id: string) => `/api/v1/bundles/${encodeURIComponent(id)}`;

export function downloadBundle(id: string): Promise<void> {
  return download(`${bundlePath(id)}/content`);
}

/** A file of a bundle, as it is. */
export function downloadFile(id: string, path: string): Promise<void> {
  return download(`${bundlePath(id)}/files/${encodeURIComponent(path)}?raw=1`);
}
