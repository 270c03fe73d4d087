import createClient from "openapi-fetch";

import { problemOf, unreachable } from "./problem";
import type { paths } from "./schema";
import { csrfToken, logInWanted, renew } from "./session";

const PUBLIC = new Set(["/api/v1/login", "/api/v1/session/refresh", "/api/v1/session/logout"]);

/** Tries, renews the session where it has run out, and waits for a log-in if need be. */
async function patiently(
  url: string,
  signal: AbortSignal,
  attempt: () => Promise<Response>,
): Promise<Response> {
  try {
    let response = await attempt();
    if (PUBLIC.has(new URL(url, window.location.origin).pathname)) return response;
    if (response.status === 401 && (await renew())) response = await attempt();
    while (response.status === 401) {
      await logInWanted();
      response = await attempt();
    }
    return response;
  } catch (error) {
    if (signal.aborted) throw error;
    throw unreachable();
  }
}

function send(request: Request): Promise<Response> {
  return patiently(request.url, request.signal, () => {
    const copy = request.clone();
    if (!["GET", "HEAD"].includes(copy.method)) copy.headers.set("X-CSRF-Token", csrfToken());
    return fetch(copy);
  });
}

export interface Sent {
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: BodyInit;
  readonly signal: AbortSignal;
}

/** A request that the typed client has no words for, such as a piece of an upload. */
export function sendRaw(path: string, sent: Sent): Promise<Response> {
  return patiently(path, sent.signal, () => {
    return fetch(path, { ...sent, headers: { ...sent.headers, "X-CSRF-Token": csrfToken() } });
  });
}

export const api = createClient<paths>({ baseUrl: window.location.origin, fetch: send });

interface Answer<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

/** The data of an answer; a refusal is thrown as a `Problem`. */
export async function answered<T>(call: Promise<Answer<T>>): Promise<T> {
  const { data, error, response } = await call;
  if (!response.ok) {
    throw problemOf(response.status, error, response.headers.get("x-request-id"));
  }
  return data as T;
}
