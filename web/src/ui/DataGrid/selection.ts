import { useState } from "react";

export interface Selection {
  readonly size: number;
  readonly ids: readonly string[];
  /** Where a range begins. */
  readonly anchor: number | null;
  readonly has: (id: string | undefined) => boolean;
  /** Adds the ids, or takes them away where the last of them was there already. */
  readonly toggle: (ids: readonly string[], anchor: number) => void;
  readonly clear: () => void;
}

export function useSelection(): Selection {
  const [state, setState] = useState<{ ids: ReadonlySet<string>; anchor: number | null }>({
    ids: new Set(),
    anchor: null,
  });
  return {
    size: state.ids.size,
    ids: [...state.ids],
    anchor: state.anchor,
    has: (id) => id !== undefined && state.ids.has(id),
    toggle: (ids, anchor) => setState((old) => ({ ids: toggled(old.ids, ids), anchor })),
    clear: () => setState({ ids: new Set(), anchor: null }),
  };
}

function toggled(old: ReadonlySet<string>, ids: readonly string[]): ReadonlySet<string> {
  const [only] = ids;
  if (ids.length === 1 && only !== undefined && old.has(only)) {
    return new Set([...old].filter((id) => id !== only));
  }
  return new Set([...old, ...ids]);
}
