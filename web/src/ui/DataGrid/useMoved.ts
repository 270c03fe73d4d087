import { useEffect, useRef, useState } from "react";

import type { Row, RowStore } from "../../live/store";
import { movedBy, type Shown } from "./order";

interface Moved {
  /** When the list was fetched that these ids would change. */
  readonly fetchedAt: number;
  readonly ids: ReadonlySet<string>;
}

const NONE: ReadonlySet<string> = new Set();

/** How many rows would stand elsewhere if the list were fetched now. */
export function useMoved<T extends Row>(
  store: RowStore<T>,
  fetchedAt: number,
  shown: Shown<T>,
): number {
  const [moved, setMoved] = useState<Moved>({ fetchedAt, ids: NONE });
  const latest = useRef(shown);
  useEffect(() => {
    latest.current = shown;
  });
  useEffect(
    () =>
      store.watch((changes) => {
        const ids = movedBy(changes, latest.current);
        if (ids.length === 0) return;
        setMoved((old) => {
          const known = old.fetchedAt === fetchedAt ? old.ids : NONE;
          return { fetchedAt, ids: new Set([...known, ...ids]) };
        });
      }),
    [store, fetchedAt],
  );
  return moved.fetchedAt === fetchedAt ? moved.ids.size : 0;
}
