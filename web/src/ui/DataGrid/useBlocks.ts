// The rows of a long list, fetched in blocks of 100 as they come into view.
import { keepPreviousData, useQueries, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import type { Row, RowStore } from "../../live/store";

export const BLOCK = 100;

export interface Block<T> {
  readonly rows: readonly T[];
  readonly total: number;
}

interface Ids {
  readonly ids: readonly string[];
  readonly total: number;
}

export interface Blocks {
  readonly total: number;
  readonly idAt: (index: number) => string | undefined;
  readonly loaded: readonly string[];
  readonly fetchedAt: number;
  readonly error: Error | null;
  /** Before the first answer. */
  readonly pending: boolean;
  /** The rows are those of the filter before, while the new ones are on their way. */
  readonly old: boolean;
  readonly onRange: (first: number, last: number) => void;
  readonly refresh: () => void;
}

export function useBlocks<T extends Row>(
  key: readonly string[],
  store: RowStore<T>,
  fetch: (offset: number, limit: number, signal: AbortSignal) => Promise<Block<T>>,
): Blocks {
  const client = useQueryClient();
  const [range, setRange] = useState({ first: 0, last: 0 });
  const options = (block: number) => ({
    queryKey: [...key, block],
    queryFn: async ({ signal }: { signal: AbortSignal }): Promise<Ids> => {
      const { rows, total } = await fetch(block * BLOCK, BLOCK, signal);
      store.put(rows);
      return { ids: rows.map((row) => row.id), total };
    },
  });
  // The first block is always wanted: it says how many rows there are.
  const head = useQuery({ ...options(0), placeholderData: keepPreviousData });
  const numbers = blocksOf(range.first, range.last).filter((block) => block > 0);
  const tail = useQueries({ queries: numbers.map(options) });

  const blocks = new Map<number, readonly string[]>();
  if (head.data) blocks.set(0, head.data.ids);
  numbers.forEach((block, index) => {
    const data = tail[index]?.data;
    if (data) blocks.set(block, data.ids);
  });
  return {
    total: head.data?.total ?? 0,
    idAt: (index) => blocks.get(Math.floor(index / BLOCK))?.[index % BLOCK],
    loaded: [...blocks.keys()]
      .toSorted((a, b) => a - b)
      .flatMap((block) => blocks.get(block) ?? []),
    fetchedAt: head.dataUpdatedAt,
    error: head.error ?? tail.find((block) => block.error)?.error ?? null,
    pending: head.isPending,
    old: head.isPlaceholderData,
    onRange: (first, last) => {
      const same = blocksOf(first, last).join() === blocksOf(range.first, range.last).join();
      if (!same) setRange({ first, last });
    },
    refresh: () => void client.invalidateQueries({ queryKey: key }),
  };
}

function blocksOf(first: number, last: number): number[] {
  const from = Math.floor(first / BLOCK);
  const to = Math.floor(last / BLOCK);
  return Array.from({ length: to - from + 1 }, (_, index) => from + index);
}
