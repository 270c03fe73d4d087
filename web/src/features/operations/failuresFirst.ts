// Operations as somebody who is responsible for them looks at them: what went wrong first, then what
// is under way, then what is over. The API sorts by one column, so that the table is put together of
// parts, each of which it does sort.
import type { OperationState } from "../../api/types";

export type Part = "failed" | "active" | "over";

/** The states of each part, in the order in which the parts are shown. */
export const PARTS: ReadonlyArray<readonly [Part, readonly OperationState[]]> = [
  ["failed", ["lost", "failed", "rejected"]],
  ["active", ["running", "cancelling", "accepted", "offered", "queued"]],
  ["over", ["succeeded", "cancelled", "expired", "written_off"]],
];

/** Where a state comes. */
export function rankOf(state: OperationState): number {
  return PARTS.findIndex(([, states]) => states.includes(state));
}

/** What the API is asked for, part by part; `word` is what the page's URL says of states. */
export function partsOf(word: string | undefined): readonly string[] {
  const parts = PARTS.map(([, states]) => states.join(","));
  if (!word) return parts;
  const known = PARTS.find(([part]) => part === word);
  return [known ? known[1].join(",") : word];
}

interface Rows<T> {
  readonly rows: readonly T[];
  readonly total: number;
}

/** A stretch of a list that is several lists, one after the other. */
export async function stretch<T>(
  parts: ReadonlyArray<(offset: number, limit: number) => Promise<Rows<T>>>,
  offset: number,
  limit: number,
): Promise<Rows<T>> {
  const rows: T[] = [];
  let total = 0;
  for (const part of parts) {
    // One row is asked for where none is wanted: the answer says how many there are.
    const wanted = limit - rows.length;
    const found = await part(Math.max(0, offset - total), Math.max(1, wanted));
    rows.push(...found.rows.slice(0, wanted));
    total += found.total;
  }
  return { rows, total };
}
