import type { Column, SortOrder } from "./column";
import styles from "./DataGrid.module.css";

interface GridHeadProps<T> {
  columns: readonly Column<T>[];
  sort: SortOrder | null;
  onSort: (sort: SortOrder) => void;
  /** The column that the tab stop is at, if it is in the head. */
  active: number | null;
}

export function GridHead<T>({ columns, sort, onSort, active }: GridHeadProps<T>) {
  return (
    <div role="rowgroup" className={styles.head}>
      <div role="row" aria-rowindex={1} className={styles.headRow}>
        {columns.map((column, index) => {
          const by = column.sort;
          const sorted = by !== undefined && sort?.by === by;
          const down = sorted && sort.down;
          const tabIndex = active === index ? 0 : -1;
          return (
            <div
              key={column.key}
              role="columnheader"
              aria-colindex={index + 1}
              aria-sort={sorted ? (down ? "descending" : "ascending") : undefined}
              className={`${styles.headCell} ${column.number ? styles.number : ""}`}
              data-header={by ? undefined : index}
              tabIndex={by ? undefined : tabIndex}
            >
              {by ? (
                <button
                  type="button"
                  className={styles.sort}
                  data-header={index}
                  tabIndex={tabIndex}
                  onClick={() => onSort({ by, down: sorted ? !down : false })}
                >
                  {column.title}
                  <span aria-hidden="true" className={styles.arrow}>
                    {sorted ? (down ? "↓" : "↑") : ""}
                  </span>
                </button>
              ) : (
                <span className={column.silent ? "hidden" : ""}>{column.title}</span>
              )}
            </div>
          );
        })}
      </div>
    </div>
  );
}
