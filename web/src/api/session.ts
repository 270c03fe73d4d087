// Who is logged in, and how a request waits for a log-in that has run out.
//
// The cookies are HttpOnly; this file knows only what the server answered. A request that meets 401
// first renews the session; failing that it waits until somebody has logged in over the page, and
// is then sent again, so that nothing typed into a form is lost.
import type { Operator } from "./types";

export interface Session {
  /** Nothing before the first answer. */
  readonly operator: Operator | null;
  /** Whether a log-in is wanted now. */
  readonly wanted: boolean;
}

let session: Session = { operator: null, wanted: false };
const listeners = new Set<() => void>();
let waiting: Array<() => void> = [];
let renewing: Promise<boolean> | null = null;

function set(next: Session): void {
  session = next;
  for (const listener of listeners) listener();
}

export function currentSession(): Session {
  return session;
}

export function subscribeToSession(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Somebody is logged in; requests that waited go on. */
export function loggedIn(operator: Operator): void {
  set({ operator, wanted: false });
  const resume = waiting;
  waiting = [];
  for (const go of resume) go();
}

/** Asks for a log-in over the page, and waits for it. */
export function logInWanted(): Promise<void> {
  return new Promise((resolve) => {
    waiting.push(resolve);
    if (!session.wanted) set({ ...session, wanted: true });
  });
}

export function csrfToken(): string {
  const found = /(?:^|;\s*)domfleet_csrf=([^;]*)/.exec(document.cookie);
  return found?.[1] ? decodeURIComponent(found[1]) : "";
}

/** Renews the session, once however many requests ask, and once over all tabs. */
export function renew(): Promise<boolean> {
  renewing ??= alone(renewNow).finally(() => {
    renewing = null;
  });
  return renewing;
}

// Two tabs that used the same refresh token would look like a thief: the server ends the session.
async function alone(work: () => Promise<boolean>): Promise<boolean> {
  if (!navigator.locks) return work();
  return navigator.locks.request("domfleet.session", work);
}

async function renewNow(): Promise<boolean> {
  try {
    const me = await fetch("/api/v1/me");
    if (me.ok) return true;
    const renewed = await fetch("/api/v1/session/refresh", {
      method: "POST",
      headers: { "X-CSRF-Token": csrfToken() },
    });
    return renewed.ok;
  } catch {
    return false;
  }
}

/** Makes sure of a live session before the browser itself follows a link into the API. */
export async function ensureSession(): Promise<void> {
  if (!(await renew())) await logInWanted();
}
