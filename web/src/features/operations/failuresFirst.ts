// Operations as somebody who is responsible for them looks at them: what went wrong first, then what
// is under way, then what is over. The API sorts them so; here it is known to tell what has moved.
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

/** The states that the API is asked for; all of them where `word`, of the page's URL, says nothing. */
export function statesOf(word: string | undefined): string | undefined {
  if (!word) return undefined;
  return PARTS.find(([part]) => part === word)?.[1].join(",") ?? word;
}
