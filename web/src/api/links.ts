// Links for the person on site: made and taken back by operators, and what is shown to whoever has one.
import { queryOptions } from "@tanstack/react-query";

import { answered, api } from "./client";
import { problemOf, unreachable } from "./problem";
import type { MigrationLink, OnSite } from "./types";

/** The links of a migration, newest first. */
export const linksOf = (id: string) =>
  queryOptions({
    queryKey: ["migration", id, "links"],
    queryFn: async ({ signal }) => {
      const params = { path: { id } };
      return (await answered(api.GET("/api/v1/migrations/{id}/links", { params, signal }))).links;
    },
  });

/** Makes one; its address is told this once. */
export async function makeLink(id: string, note: string, hours: number): Promise<string> {
  const body = { note, hours };
  const params = { path: { id } };
  return (await answered(api.POST("/api/v1/migrations/{id}/links", { params, body }))).url;
}

export async function revokeLink(id: string, link: MigrationLink): Promise<void> {
  const params = { path: { id, link: link.id } };
  await answered(api.DELETE("/api/v1/migrations/{id}/links/{link}", { params }));
}

/** What comes after the `#` of a link. */
const SECRET = /^[A-Za-z0-9_-]{20,100}$/;

/** What a link shows. Without a log-in, and without cookies: whoever has one is not asked who he is. */
export async function onSite(secret: string, signal: AbortSignal): Promise<OnSite> {
  if (!SECRET.test(secret)) throw problemOf(404, { code: "no_link" }, null);
  let response: Response;
  try {
    response = await fetch("/api/v1/on-site", {
      headers: { Authorization: `Bearer ${secret}` },
      credentials: "omit",
      cache: "no-store",
      signal,
    });
  } catch (error) {
    if (signal.aborted) throw error;
    throw unreachable();
  }
  const answer: unknown = await response.json().catch(() => null);
  if (!response.ok) {
    throw problemOf(response.status, answer, response.headers.get("x-request-id"));
  }
  return answer as OnSite;
}
