// What the Boots tab shows, worked out from the boots themselves.
import type { Boot, Components } from "../../api/types";

/** A boot, and how long nothing ran, or was seen, between it and the one before. */
export interface Listed {
  readonly boot: Boot;
  readonly gapSeconds: number | null;
  /** Components whose version is another than in the boot before. */
  readonly changed: readonly (keyof Components)[];
}

/** Newest first. */
export function listBoots(boots: readonly Boot[]): Listed[] {
  const ordered = boots.toSorted((a, b) => Date.parse(a.started_at) - Date.parse(b.started_at));
  const listed = ordered.map((boot, index) => {
    const before = ordered[index - 1];
    return {
      boot,
      gapSeconds: before?.ended_at
        ? Math.max(0, (Date.parse(boot.started_at) - Date.parse(before.ended_at)) / 1000)
        : null,
      changed: before ? changedComponents(before.components, boot.components) : [],
    };
  });
  return listed.toReversed();
}

function changedComponents(before: Components, after: Components): (keyof Components)[] {
  const keys = Object.keys(after) as (keyof Components)[];
  return keys.filter((key) => (before[key] ?? null) !== (after[key] ?? null));
}
