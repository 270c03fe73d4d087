import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useRef, type CSSProperties, type MouseEvent } from "react";

import type { Row, RowStore } from "../../live/store";
import type { Column, SortOrder } from "./column";
import styles from "./DataGrid.module.css";
import { GridRow } from "./GridRow";
import { GridHead } from "./GridHead";
import type { Selection } from "./selection";
import { useGridKeys } from "./useGridKeys";
import { useNarrow } from "./useNarrow";

interface DataGridProps<T extends Row> {
  label: string;
  columns: readonly Column<T>[];
  store: RowStore<T>;
  total: number;
  idAt: (index: number) => string | undefined;
  onRange: (first: number, last: number) => void;
  sort: SortOrder | null;
  onSort: (sort: SortOrder) => void;
  onOpen: (id: string) => void;
  selection?: Selection;
  /** The rows are about to be replaced by others. */
  old?: boolean;
  /** Changes when it is another list: then it is shown from its beginning. */
  listKey: string;
}

const ROW = 40;
const CARD = 92;

/** A long table: only the rows in view are there, and one tab stop leads in. */
export function DataGrid<T extends Row>(props: DataGridProps<T>) {
  const { label, columns, store, total, idAt, onRange, sort, onSort, onOpen, selection } = props;
  const scroll = useRef<HTMLDivElement>(null);
  const narrow = useNarrow();
  const height = narrow ? CARD : ROW;
  const rows = useVirtualizer({
    count: total,
    getScrollElement: () => scroll.current,
    estimateSize: () => height,
    overscan: 10,
    useFlushSync: false,
    // The head of the table covers this much of what scrolls.
    scrollPaddingStart: narrow ? 0 : ROW,
    initialRect: { width: 1000, height: 600 },
  });
  const keys = useGridKeys({
    total,
    headers: narrow ? 0 : columns.length,
    page: () => Math.max(1, Math.floor((scroll.current?.clientHeight ?? 400) / height) - 2),
    show: (index) => rows.scrollToIndex(index),
    open: (index) => withId(index, onOpen),
    select,
    grid: scroll,
  });

  const items = rows.getVirtualItems();
  const first = items[0]?.index ?? 0;
  const last = items.at(-1)?.index ?? 0;
  useEffect(() => onRange(first, last));
  useEffect(() => rows.measure(), [height, rows]);
  const { listKey } = props;
  useEffect(() => {
    scroll.current?.scrollTo({ top: 0 });
  }, [listKey]);

  function select(index: number, range: boolean): void {
    const from = range ? (selection?.anchor ?? index) : index;
    withId(index, () => selection?.toggle(idsBetween(from, index), index));
  }
  // A link or a button in a row does its own work, and marking text is no click.
  function onClick(event: MouseEvent<HTMLDivElement>): void {
    const target = event.target as HTMLElement;
    const index = Number(target.closest<HTMLElement>("[data-row]")?.dataset.row ?? -1);
    if (index < 0 || target.closest("a, button, input, label")) return;
    if (target.closest('[data-column="select"]')) select(index, event.shiftKey);
    else if (window.getSelection()?.isCollapsed !== false) withId(index, onOpen);
  }
  function withId(index: number, work: (id: string) => void): void {
    const id = idAt(index);
    if (id !== undefined) work(id);
  }
  function idsBetween(a: number, b: number): string[] {
    const from = Math.min(a, b);
    const ids = Array.from({ length: Math.abs(a - b) + 1 }, (_, step) => idAt(from + step));
    return ids.filter((id) => id !== undefined);
  }

  const template = columns.map(({ min, grow }) => `minmax(${min}px, ${grow}fr)`).join(" ");
  const least = columns.reduce((sum, { min }) => sum + min, 0);
  const frame = { "--columns": template, "--least": `${least}px` } as CSSProperties;
  return (
    <div
      ref={scroll}
      className={`${styles.grid} ${narrow ? styles.narrow : ""} ${props.old ? styles.old : ""}`}
      style={frame}
      role="grid"
      aria-label={label}
      aria-rowcount={total + 1}
      aria-colcount={columns.length}
      aria-multiselectable={selection ? true : undefined}
      aria-busy={props.old || undefined}
      onKeyDown={keys.onKeyDown}
      onFocus={keys.onFocus}
      onClick={onClick}
    >
      <GridHead columns={columns} sort={sort} onSort={onSort} active={keys.activeHeader} />
      <div role="rowgroup" className={styles.body} style={{ height: rows.getTotalSize() }}>
        {items.map((item) => (
          <GridRow
            // By place, not by id: a row that has the focus keeps it when its content arrives.
            key={item.key}
            id={idAt(item.index)}
            index={item.index}
            top={item.start}
            height={height}
            columns={columns}
            store={store}
            narrow={narrow}
            active={keys.activeRow === item.index}
            selected={selection?.has(idAt(item.index)) ?? null}
          />
        ))}
      </div>
    </div>
  );
}
