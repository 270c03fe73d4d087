import { useSyncExternalStore } from "react";

const query = window.matchMedia("(max-width: 720px)");

function subscribe(listener: () => void): () => void {
  query.addEventListener("change", listener);
  return () => query.removeEventListener("change", listener);
}

/** Whether there is room for cards only. */
export function useNarrow(): boolean {
  return useSyncExternalStore(subscribe, () => query.matches);
}
