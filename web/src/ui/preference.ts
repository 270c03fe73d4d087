// What one person likes on one machine: kept in local storage, shared by the tabs.
import { useSyncExternalStore } from "react";

export interface Preference<T extends string> {
  get(): T;
  set(value: T): void;
  use(): T;
}

export function preference<T extends string>(
  key: string,
  values: readonly T[],
  normal: T,
  apply: (value: T) => void = () => {},
): Preference<T> {
  const listeners = new Set<() => void>();
  const get = () => read(key, values, normal);
  const tell = () => {
    apply(get());
    for (const listener of listeners) listener();
  };
  window.addEventListener("storage", (event) => {
    if (event.key === key) tell();
  });
  return {
    get,
    set(value) {
      try {
        localStorage.setItem(key, value);
      } catch {
        // Storage may be forbidden or full; the wish then lasts as long as nothing asks again.
      }
      tell();
    },
    use: () =>
      useSyncExternalStore((listener) => {
        listeners.add(listener);
        return () => listeners.delete(listener);
      }, get),
  };
}

function read<T extends string>(key: string, values: readonly T[], normal: T): T {
  try {
    const found = localStorage.getItem(key);
    return values.find((value) => value === found) ?? normal;
  } catch {
    return normal;
  }
}

export type Theme = "system" | "light" | "dark";

export const theme = preference<Theme>(
  "domfleet.theme",
  ["system", "light", "dark"],
  "system",
  (value) => {
    if (value === "system") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = value;
  },
);

/** Whether single letters are commands (WCAG 2.1.4 wants them to be switchable). */
export const letterKeys = preference<"on" | "off">("domfleet.letters", ["on", "off"], "on");
