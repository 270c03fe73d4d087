// Live changes never move rows under the pointer. This says which changes would have moved one,
// so that the page can offer to fetch the list again.
import type { Changed, Row } from "../../live/store";

export interface Shown<T> {
  /** The ids that are shown, in their order. */
  readonly ids: readonly string[];
  /** Whether those are all there are. */
  readonly whole: boolean;
  readonly get: (id: string) => T | undefined;
  /** Whether a row belongs into the list. */
  readonly matches: (row: T) => boolean;
  /** The order of the list. */
  readonly compare: (a: T, b: T) => number;
}

/** The ids of those changes after which the list would be another. */
export function movedBy<T extends Row>(
  changes: readonly Changed<T>[],
  shown: Shown<T>,
): readonly string[] {
  const places = new Map(shown.ids.map((id, index) => [id, index]));
  return changes
    .filter((change) => {
      const place = places.get(change.after.id);
      return place === undefined ? enters(change, shown) : leaves(change, place, shown);
    })
    .map((change) => change.after.id);
}

function leaves<T extends Row>({ after }: Changed<T>, place: number, shown: Shown<T>): boolean {
  if (!shown.matches(after)) return true;
  const neighbour = (index: number) => {
    const id = shown.ids[index];
    return id === undefined ? undefined : shown.get(id);
  };
  const before = neighbour(place - 1);
  const behind = neighbour(place + 1);
  return (
    (before !== undefined && shown.compare(before, after) > 0) ||
    (behind !== undefined && shown.compare(after, behind) > 0)
  );
}

// A row that is not shown may stand in a part of the list that was never fetched. It is news only
// where the whole list is shown, where it is new altogether, or where it did not belong before.
function enters<T extends Row>({ before, after }: Changed<T>, shown: Shown<T>): boolean {
  if (!shown.matches(after)) return false;
  if (before) return shown.whole || !shown.matches(before);
  return shown.whole || after.version <= 1;
}
