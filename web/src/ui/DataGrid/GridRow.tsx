import { memo } from "react";

import { useRow } from "../../live/live";
import type { Row, RowStore } from "../../live/store";
import type { Column } from "./column";
import styles from "./DataGrid.module.css";

interface GridRowProps<T extends Row> {
  id: string | undefined;
  index: number;
  top: number;
  height: number;
  columns: readonly Column<T>[];
  store: RowStore<T>;
  narrow: boolean;
  active: boolean;
  selected: boolean | null;
}

function PlainGridRow<T extends Row>(props: GridRowProps<T>) {
  const { id, index, top, height, columns, store, narrow, active, selected } = props;
  const row = useRow(store, id ?? "");
  const shown = narrow ? columns.filter((column) => !column.wideOnly) : columns;
  return (
    <div
      role="row"
      aria-rowindex={index + 2}
      aria-selected={selected ?? undefined}
      className={styles.row}
      style={{ top, height }}
      data-row={index}
      data-id={id}
      tabIndex={active ? 0 : -1}
    >
      {shown.map((column) => (
        <div
          key={column.key}
          role="gridcell"
          aria-colindex={columns.indexOf(column) + 1}
          data-column={column.key}
          data-title={column.title}
          className={`${styles.cell} ${column.number ? styles.number : ""}`}
        >
          <div className={row ? styles.value : styles.blank}>
            {row && column.cell(row, selected)}
          </div>
        </div>
      ))}
    </div>
  );
}

// Scrolling draws the grid again with every step; rows that stay need not be.
export const GridRow = memo(PlainGridRow) as typeof PlainGridRow;
