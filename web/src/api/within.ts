// How long ago something may be: in whole hours, as URLs say it and as filters compare it.

/** What "lately" is wherever something is counted that is new. */
export const LATELY = "24";

export const WITHIN: ReadonlyArray<readonly [string, string]> = [
  [LATELY, "In the last 24 hours"],
  ["168", "In the last 7 days"],
  ["720", "In the last 30 days"],
];

/** The term that holds `key` to so many hours; nothing where it makes no sense. */
export function withinTerm(key: string, hours: string | undefined): string {
  const known = WITHIN.find(([value]) => value === hours)?.[0];
  return known === undefined ? "" : `${key}<${known}`;
}
