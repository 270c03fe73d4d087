// What is shown where nobody has said what is wanted, or has said something that is not there.
import { NORMAL_ALPHA } from "../../api/reliability";
import type { Component, ComponentReport, Diagnosis, ValueReport } from "../../api/types";
import { mostWatched } from "../../ui/rates";

/** How improbable chance must be, by the page's address; what the server would refuse is left out. */
export function pickAlpha(wanted: string | undefined): number {
  const alpha = Number(wanted);
  return alpha >= 0.0001 && alpha <= 0.2 ? alpha : NORMAL_ALPHA;
}

/** The one that is wanted, or the first suspect, or the first that can be compared at all. */
export function pickComponent(
  { components, verdict }: Pick<Diagnosis, "components" | "verdict">,
  wanted: string | undefined,
): ComponentReport | undefined {
  const suspects: readonly Component[] =
    "suspects" in verdict ? (verdict.suspects[0]?.components ?? []) : [];
  return (
    components.find(({ component }) => component === wanted) ??
    components.find(({ component }) => suspects.includes(component)) ??
    components.find(({ values }) => values.length > 1) ??
    components[0]
  );
}

/** Two values to hold beside each other: those that are wanted, or those that were watched longest. */
export function pickPair(
  values: readonly ValueReport[],
  wanted: { a?: string | undefined; b?: string | undefined },
): readonly [string, string] | null {
  const longest = mostWatched(values, values.length).map(({ value }) => value);
  const known = (value: string | undefined) => longest.find((other) => other === value);
  const a = known(wanted.a) ?? longest.find((value) => value !== known(wanted.b));
  const b = [known(wanted.b), ...longest].find((value) => value !== undefined && value !== a);
  return a === undefined || b === undefined ? null : [a, b];
}
