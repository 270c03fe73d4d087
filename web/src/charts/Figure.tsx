import { useRef, useState, type ReactNode } from "react";

import { Button } from "../ui/Button";
import { Table, type TableColumn } from "../ui/Table";
import styles from "./Figure.module.css";
import { csvText, fileName, saveFile, svgText, type CsvField } from "./save";
import { useWidth } from "./useWidth";

export interface FigureColumn<T> extends TableColumn<T> {
  /** As it is written into a file: whole numbers, not rounded ones. */
  readonly raw: (row: T) => CsvField;
}

/** A column of the file that the table has no room for. */
export type FileColumn<T> = Pick<FigureColumn<T>, "title" | "raw">;

interface FigureProps<T> {
  title: string;
  /** What the picture shows, for whoever does not see it. */
  summary: string;
  columns: readonly FigureColumn<T>[];
  inFile?: readonly FileColumn<T>[];
  rows: readonly T[];
  rowKey: (row: T) => string;
  /** How high the picture is, where it is so wide. */
  height: (width: number) => number;
  draw: (width: number) => ReactNode;
  /** Under the picture. */
  children?: ReactNode;
}

/** A picture of numbers, the numbers themselves, and both as files. */
export function Figure<T>(props: FigureProps<T>) {
  const { title, summary, columns, inFile = [], rows, rowKey, height, draw, children } = props;
  const [asTable, setAsTable] = useState(false);
  const [frame, width] = useWidth(900);
  const svg = useRef<SVGSVGElement>(null);
  const saveCsv = () => {
    const all = [...columns, ...inFile];
    const head = all.map((column) => column.title);
    const fields = rows.map((row) => all.map((column) => column.raw(row)));
    saveFile(fileName(title, "csv"), "text/csv", csvText(head, fields));
  };
  const saveSvg = () => {
    if (!svg.current) return;
    const paper = svg.current.closest("section") ?? document.body;
    const ground = getComputedStyle(paper).backgroundColor;
    const text = svgText(svg.current, title, ground, (element) => getComputedStyle(element));
    saveFile(fileName(title, "svg"), "image/svg+xml", text);
  };
  return (
    <figure className={styles.figure} aria-label={title}>
      <div className={styles.head}>
        <h3>{title}</h3>
        <div className="line">
          <Button small aria-pressed={asTable} onClick={() => setAsTable(!asTable)}>
            As a table<span className="hidden">: {title}</span>
          </Button>
          <Button small onClick={saveCsv}>
            CSV<span className="hidden"> of {title}</span>
          </Button>
          <Button
            small
            onClick={saveSvg}
            disabledReason={asTable ? "Show the picture first" : null}
          >
            SVG<span className="hidden"> of {title}</span>
          </Button>
        </div>
      </div>
      {/* It is measured also while the table is shown. */}
      <div ref={frame} className={styles.frame}>
        {!asTable && (
          <svg
            ref={svg}
            className={styles.picture}
            width={width}
            height={height(width)}
            viewBox={`0 0 ${width} ${height(width)}`}
            role="img"
            aria-label={summary}
          >
            {draw(width)}
          </svg>
        )}
      </div>
      {asTable ? (
        <div className={styles.table}>
          <Table label={title} columns={columns} rows={rows} rowKey={rowKey} />
        </div>
      ) : (
        <Unseen title={title} columns={columns} rows={rows} rowKey={rowKey} />
      )}
      {children && <div className={styles.note}>{children}</div>}
    </figure>
  );
}

/** The same table, for screen readers beside the picture. */
function Unseen<T>({ title, columns, rows, rowKey }: Pick<FigureProps<T>, UnseenKeys>) {
  return (
    <div className="hidden">
      <table>
        <caption>{title}</caption>
        <thead>
          <tr>
            {columns.map((column) => (
              <th key={column.key} scope="col">
                {column.title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={rowKey(row)}>
              {columns.map((column) => (
                <td key={column.key}>{column.cell(row)}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

type UnseenKeys = "title" | "columns" | "rows" | "rowKey";
