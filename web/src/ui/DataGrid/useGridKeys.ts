import {
  useLayoutEffect,
  useRef,
  useState,
  type FocusEvent,
  type KeyboardEvent,
  type RefObject,
} from "react";

import { letterKeys } from "../preference";

interface GridKeys {
  total: number;
  /** How many header cells there are to go through. */
  headers: number;
  /** How many rows a page has. */
  page: () => number;
  show: (index: number) => void;
  open: (index: number) => void;
  select: (index: number, range: boolean) => void;
  grid: RefObject<HTMLDivElement | null>;
}

/** Where the tab stop is: in the head, at a column, or at a row. */
type Place = { readonly header: number } | { readonly row: number };

/** The keyboard of a grid: arrows, pages, ends; Enter opens; Space and `x` select; `j` and `k`. */
export function useGridKeys(keys: GridKeys) {
  const [place, setPlace] = useState<Place>({ row: 0 });
  const wanted = useRef(false);
  const letters = letterKeys.use() === "on";
  const lastRow = Math.max(0, keys.total - 1);
  // A list that got shorter, or empty, still has a tab stop.
  const now = settle(place, keys);

  useLayoutEffect(() => {
    if (!wanted.current) return;
    const selector = "row" in now ? `[data-row="${now.row}"]` : `[data-header="${now.header}"]`;
    const element = keys.grid.current?.querySelector<HTMLElement>(selector);
    if (!element) return; // It comes with the next drawing, once scrolled to.
    wanted.current = false;
    element.focus({ preventScroll: "row" in now });
  });

  const go = (to: Place) => {
    wanted.current = true;
    if ("row" in to) keys.show(to.row);
    setPlace(to);
  };
  const toRow = (row: number) => go({ row: Math.min(lastRow, Math.max(0, row)) });

  const onKeyDown = (event: KeyboardEvent<HTMLDivElement>) => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const target = event.target as HTMLElement;
    if (target.closest("a, input, [data-inner]")) return;
    const act = "row" in now ? rowAct(event, now.row) : headerAct(event.key, now.header);
    if (!act) return;
    event.preventDefault();
    act();
  };

  function rowAct(event: KeyboardEvent, row: number): (() => void) | null {
    const key = letters ? (LETTERS[event.key] ?? event.key) : event.key;
    switch (key) {
      case "ArrowDown":
        return () => toRow(row + 1);
      case "ArrowUp":
        return () => (row === 0 && keys.headers > 0 ? go({ header: 0 }) : toRow(row - 1));
      case "PageDown":
        return () => toRow(row + keys.page());
      case "PageUp":
        return () => toRow(row - keys.page());
      case "Home":
        return () => toRow(0);
      case "End":
        return () => toRow(lastRow);
      case "Enter":
        return () => keys.open(row);
      case " ":
        return () => keys.select(row, event.shiftKey);
      default:
        return null;
    }
  }

  function headerAct(key: string, header: number): (() => void) | null {
    switch (key) {
      case "ArrowDown":
        return () => toRow(0);
      case "ArrowLeft":
        return () => go({ header: Math.max(0, header - 1) });
      case "ArrowRight":
        return () => go({ header: Math.min(keys.headers - 1, header + 1) });
      default:
        return null;
    }
  }

  const onFocus = (event: FocusEvent<HTMLDivElement>) => {
    const element = event.target as HTMLElement;
    const row = element.closest<HTMLElement>("[data-row]")?.dataset.row;
    const header = element.dataset.header;
    if (row !== undefined) setPlace({ row: Number(row) });
    else if (header !== undefined) setPlace({ header: Number(header) });
  };

  return {
    activeRow: "row" in now ? now.row : null,
    activeHeader: "header" in now ? now.header : null,
    onKeyDown,
    onFocus,
  };
}

const LETTERS: Readonly<Record<string, string>> = { j: "ArrowDown", k: "ArrowUp", x: " " };

function settle(place: Place, { total, headers }: GridKeys): Place {
  if ("header" in place) {
    return headers > 0 ? { header: Math.min(place.header, headers - 1) } : { row: 0 };
  }
  if (total === 0 && headers > 0) return { header: 0 };
  return { row: Math.min(place.row, Math.max(0, total - 1)) };
}
