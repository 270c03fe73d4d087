import type { ReactNode } from "react";

import styles from "./Table.module.css";

export interface TableColumn<T> {
  readonly key: string;
  readonly title: string;
  readonly cell: (row: T) => ReactNode;
  readonly number?: boolean;
  /** Its title is for screen readers only. */
  readonly silent?: boolean;
}

interface TableProps<T> {
  label: string;
  columns: readonly TableColumn<T>[];
  rows: readonly T[];
  rowKey: (row: T) => string;
}

/** A short table, drawn whole. On narrow screens each row becomes a card. */
export function Table<T>({ label, columns, rows, rowKey }: TableProps<T>) {
  return (
    <div className={styles.scroll} role="region" aria-label={label} tabIndex={0}>
      <table className={styles.table}>
        <thead>
          <tr>
            {columns.map((column) => (
              <th key={column.key} scope="col" className={column.number ? styles.number : ""}>
                {column.silent ? <span className="hidden">{column.title}</span> : column.title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={rowKey(row)}>
              {columns.map((column) => (
                <td
                  key={column.key}
                  className={column.number ? styles.number : ""}
                  data-title={column.silent ? "" : column.title}
                >
                  {column.cell(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
