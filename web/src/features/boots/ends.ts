// Ends of boots: what they are held to, as the URL of the page says it and as the API takes it.
import { AMISS, DEATHS } from "../../api/boots";
import type { BootEnd } from "../../api/types";
import { withinTerm } from "../../api/within";
import { bootEndWord } from "../../ui/states";

export interface EndFilter {
  readonly appliance?: string | undefined;
  readonly end?: string | undefined;
  readonly confidence?: string | undefined;
  readonly ended?: string | undefined;
}

/** The worst first. */
const ENDS: readonly BootEnd[] = [
  "hang",
  "panic",
  "watchdog",
  "unknown",
  "lost",
  "power_loss",
  "provoked",
  "upgrade",
  "clean",
];

export const END_CHOICES: ReadonlyArray<readonly [string, string]> = [
  [DEATHS, "Deaths"],
  [AMISS, "Deaths and unknown ends"],
  ...ENDS.map((end) => [end, bootEndWord(end)] as const),
];

export const CONFIDENCES: ReadonlyArray<readonly [string, string]> = [
  ["high", "High"],
  ["medium", "Medium"],
  ["low", "Low"],
];

/** The filter of the API; what cannot be written in it is left out. */
export function endFilter(filter: EndFilter): string {
  const appliance = (filter.appliance ?? "").trim().replaceAll(/["\\]/g, "");
  const end = END_CHOICES.find(([known]) => known === filter.end)?.[0];
  const confidence = CONFIDENCES.find(([known]) => known === filter.confidence)?.[0];
  return [
    appliance === "" ? "" : `appliance~"${appliance}"`,
    end ? `end=${end}` : "",
    confidence ? `confidence=${confidence}` : "",
    withinTerm("ended", filter.ended),
  ]
    .filter((term) => term !== "")
    .join(" ");
}

export const END_ORDERS: ReadonlyArray<readonly [string, string]> = [
  ["-ended_at", "Newest first"],
  ["ended_at", "Oldest first"],
  ["-uptime", "Longest uptime first"],
  ["uptime", "Shortest uptime first"],
];

export function endOrder(sort: string | undefined): string {
  return END_ORDERS.find(([value]) => value === sort)?.[0] ?? "-ended_at";
}
