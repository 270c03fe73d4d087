// How far something is that was asked of many appliances.
import type { Bulk, BulkCancelled } from "../../api/types";
import { count } from "../../ui/format";

type Counts = Bulk["counts"];

/** What the page's URL says of states, and what the API is asked for by it. */
export const GROUPS: ReadonlyArray<readonly [string | null, string, readonly string[]]> = [
  [null, "All", []],
  ["failed", "Failed or refused", ["refused", "failed", "rejected", "lost", "expired"]],
  ["active", "In progress", ["pending", "queued", "offered", "cancelling", "accepted", "running"]],
  ["succeeded", "Succeeded", ["succeeded"]],
  ["given_up", "Given up", ["cancelled", "written_off"]],
];

/** The states that a word of the URL stands for; all where it stands for none. */
export function statesOf(word: string | undefined): string {
  return GROUPS.find(([group]) => group === word)?.[2].join(",") ?? "";
}

export function sum(counts: Counts, states: readonly string[]): number {
  return states.reduce((total, state) => total + (counts[state] ?? 0), 0);
}

/** How many there are in a group of states. */
export function countOf(bulk: Pick<Bulk, "counts" | "total">, group: string | null): number {
  if (group === null) return bulk.total;
  return sum(bulk.counts, GROUPS.find(([name]) => name === group)?.[2] ?? []);
}

/** What nobody has begun with. */
export const NOT_BEGUN: readonly string[] = ["pending", "queued", "offered"];

/** What somebody has begun with, and may be stopped. */
export const BEGUN: readonly string[] = ["accepted", "running"];

/** What became of taking it back, in words. */
export function cancelledWords({ withdrawn, cancelled, cancelling }: BulkCancelled): string {
  const done = withdrawn + cancelled;
  if (done + cancelling === 0) return "Nothing was left to be cancelled";
  const parts = [
    ...(done > 0 ? [`Cancelled at ${count(done, "appliance")}`] : []),
    ...(cancelling > 0 ? [`to be cancelled by ${count(cancelling, "appliance")}`] : []),
  ];
  return parts.join(", ").replace(/^to/, "To");
}

/** In words, for those who do not see the bar. */
export function inWords(bulk: Pick<Bulk, "counts" | "total">): string {
  const active = countOf(bulk, "active");
  const failed = countOf(bulk, "failed");
  const over = `${bulk.total - active} of ${bulk.total} are over`;
  return failed === 0 ? over : `${over}, ${failed} of them failed or refused`;
}
