import type { ReactNode } from "react";

export interface Column<T> {
  readonly key: string;
  readonly title: string;
  /** The narrowest it gets, in pixels. */
  readonly min: number;
  /** Its share of what is left. */
  readonly grow: number;
  /** What the server sorts by, where it can. */
  readonly sort?: string;
  readonly number?: boolean;
  /** Its title is for screen readers only. */
  readonly silent?: boolean;
  /** Left out of the cards that rows become on narrow screens. */
  readonly wideOnly?: boolean;
  readonly cell: (row: T, selected: boolean | null) => ReactNode;
}

export interface SortOrder {
  readonly by: string;
  readonly down: boolean;
}

/** "name" or "-name", as the API has it. */
export function parseSort(text: string): SortOrder {
  return text.startsWith("-") ? { by: text.slice(1), down: true } : { by: text, down: false };
}

export function printSort(sort: SortOrder): string {
  return sort.down ? `-${sort.by}` : sort.by;
}
