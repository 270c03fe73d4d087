// What was in the last 24 hours, worked out from what was fetched. The clock is an argument.
import type { Started } from "../../api/overview";
import type { BootEnd, Finding, Release } from "../../api/types";
import { FILTER_KEYS } from "../../ui/componentNames";
import { count } from "../../ui/format";

const DAY = 86_400_000;

export function isLate(at: string, now: number): boolean {
  return now - Date.parse(at) < DAY;
}

/** How many of these times are of the last 24 hours, of which there may be more than were fetched. */
export function countLate(times: readonly string[], now: number, fetched: number): AtLeast {
  const late = times.filter((at) => isLate(at, now)).length;
  return { value: late, orMore: late === fetched };
}

export interface AtLeast {
  readonly value: number;
  readonly orMore: boolean;
}

/** "3 bundles", "100 bundles or more". */
export function atLeastWords({ value, orMore }: AtLeast, one: string): string {
  return `${count(value, one)}${orMore ? " or more" : ""}`;
}

/** A boot that was over when its appliance was started again. */
export interface Ended {
  readonly key: string;
  readonly appliance: { readonly id: string; readonly name: string };
  readonly end: BootEnd;
  readonly started_at: string;
}

/** The boots after which an appliance was started again in the last 24 hours, the last first. */
export function endedLately(started: readonly Started[], now: number): Ended[] {
  const ended = started.flatMap(({ appliance, boots }) => {
    const ordered = boots.toSorted((a, b) => Date.parse(b.started_at) - Date.parse(a.started_at));
    return ordered.flatMap(({ started_at }, at): Ended[] => {
      const before = ordered[at + 1];
      if (!before?.end || !isLate(started_at, now)) return [];
      const key = `${appliance.id} ${before.epoch} ${before.boot_id}`;
      return [{ key, appliance, end: before.end, started_at }];
    });
  });
  return ended.toSorted((a, b) => Date.parse(b.started_at) - Date.parse(a.started_at));
}

/** What counts as a death wherever freezes are counted. */
const DEATHS: ReadonlySet<BootEnd> = new Set<BootEnd>(["panic", "watchdog", "hang"]);

/** Whether somebody has to look into how it ended. */
export function isAmiss({ end }: Ended): boolean {
  return DEATHS.has(end) || end === "unknown";
}

/** "3 deaths, 1 unknown end, 7 other ends". */
export function endWords(ended: readonly Ended[]): string {
  const deaths = ended.filter(({ end }) => DEATHS.has(end)).length;
  const unknown = ended.filter(({ end }) => end === "unknown").length;
  const others = ended.length - deaths - unknown;
  const parts = [
    [deaths, "death"],
    [unknown, "unknown end"],
    [others, "other end"],
  ] as const;
  return parts
    .filter(([number]) => number > 0)
    .map(([number, word]) => count(number, word))
    .join(", ");
}

/** In how many bundles something grave was found in the last 24 hours. */
export function graveBundles(findings: readonly Finding[], now: number, fetched: number): AtLeast {
  const late = findings.filter(({ found_at }) => isLate(found_at, now));
  const value = new Set(late.map(({ bundle }) => bundle)).size;
  return { value, orMore: late.length === fetched };
}

/** A version that should run nowhere, or not in production, and the key of the filter that finds who runs it. */
export interface Doubtful {
  readonly release: Release;
  readonly key: string;
}

/** The withdrawn ones first, each in the server's order; left out is what no filter finds. */
export function doubtful(releases: readonly Release[]): Doubtful[] {
  return (["withdrawn", "beta"] as const).flatMap((state) =>
    releases.flatMap((release): Doubtful[] => {
      const key = FILTER_KEYS[release.component];
      return key === undefined || release.state !== state ? [] : [{ release, key }];
    }),
  );
}
