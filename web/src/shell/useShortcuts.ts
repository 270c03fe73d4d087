import { useRouter } from "@tanstack/react-router";
import { useEffect } from "react";

import { letterKeys } from "../ui/preference";
import type { Overlay } from "./Shell";

const PLACES = {
  h: "/",
  a: "/appliances",
  o: "/operations",
  b: "/backups",
  m: "/migrations",
  d: "/debug-files",
  l: "/alarms",
  r: "/reliability",
  n: "/boots",
  v: "/releases",
  e: "/enrolment",
  u: "/audit",
} as const;

const SECOND_LETTER_WITHIN = 1_500;

/** Keys that work everywhere but in fields and dialogs. */
export function useShortcuts(open: (overlay: Overlay) => void): void {
  const router = useRouter();
  useEffect(() => {
    let wentAt = -SECOND_LETTER_WITHIN;
    const onKeyDown = (event: KeyboardEvent) => {
      if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
        event.preventDefault();
        open("palette");
        return;
      }
      if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
      if (letterKeys.get() === "off" || isTaken(event.target)) return;
      const second = event.timeStamp - wentAt < SECOND_LETTER_WITHIN;
      wentAt = event.key === "g" ? event.timeStamp : -SECOND_LETTER_WITHIN;
      const place = second ? PLACES[event.key as keyof typeof PLACES] : undefined;
      if (place) void router.navigate({ to: place });
      else if (event.key === "?") open("help");
      else if (event.key === "/") focus("[data-search]");
      else if (event.key === "r") press("[data-refresh]");
      else return;
      event.preventDefault();
    };
    window.addEventListener("keydown", onKeyDown);
    return () => window.removeEventListener("keydown", onKeyDown);
  }, [router, open]);
}

function isTaken(target: EventTarget | null): boolean {
  const element = target instanceof HTMLElement ? target : null;
  return Boolean(
    element?.closest("input, textarea, select, [role=dialog], [role=alertdialog], [role=menu]"),
  );
}

function focus(selector: string): void {
  document.querySelector<HTMLElement>(selector)?.focus();
}

function press(selector: string): void {
  document.querySelector<HTMLElement>(selector)?.click();
}
