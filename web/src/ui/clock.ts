// One clock for all times on the page, so that a thousand of them cost one timer.
import { useSyncExternalStore } from "react";

import type { Zone } from "./format";
import { preference } from "./preference";

const listeners = new Set<() => void>();
let now = Date.now();
let timer: ReturnType<typeof setInterval> | undefined;

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  timer ??= setInterval(tick, 1_000);
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0 || timer === undefined) return;
    clearInterval(timer);
    timer = undefined;
  };
}

function tick(): void {
  if (document.hidden) return;
  now = Date.now();
  for (const listener of listeners) listener();
}

/** The time, to `grain` milliseconds: the caller is drawn again only when that changes. */
export function useNow(grain = 1_000): number {
  return useSyncExternalStore(subscribe, () => Math.floor(now / grain) * grain);
}

export const zonePreference = preference<Zone>("domfleet.zone", ["local", "utc"], "local");
