import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useRef, useState, useSyncExternalStore } from "react";

import { filePart } from "../../api/bundles";
import type { Finding } from "../../api/types";
import { Button } from "../../ui/Button";
import { ProblemNote } from "../../ui/ProblemNote";
import styles from "./FilePage.module.css";
import { FileText, type FileState } from "./fileText";

interface FileViewProps {
  bundle: string;
  path: string;
  /** The line to be shown, marked. */
  line: number | null;
  findings: readonly Finding[];
}

const ROW = 20;

/** A line that was looked for, and the row that it is, if there is one. */
interface Sought {
  readonly line: number;
  readonly row: number | null;
}

/** The lines of a file: only those in view are drawn, and only parts of it are read. */
export function FileView({ bundle, path, line, findings }: FileViewProps) {
  const [text] = useState(() => {
    return new FileText((offset, limit, signal) => filePart(bundle, path, offset, limit, signal));
  });
  const state = useSyncExternalStore(text.subscribe, text.state);
  const scroll = useRef<HTMLDivElement>(null);
  const [sought, setSought] = useState<Sought | null>(null);
  const [tries, setTries] = useState(0);
  const rows = useVirtualizer({
    count: state.rows,
    getScrollElement: () => scroll.current,
    estimateSize: () => ROW,
    overscan: 30,
    useFlushSync: false,
    initialRect: { width: 1000, height: 600 },
  });
  const items = rows.getVirtualItems();
  const first = items[0]?.index ?? 0;
  const last = items.at(-1)?.index ?? 0;
  useEffect(() => text.want(first, last), [text, first, last, state.rows]);
  useEffect(() => () => text.close(), [text]);
  useEffect(() => {
    if (line === null) return;
    let isWanted = true;
    void text.find(line).then((row) => {
      if (isWanted && text.state().error === null) setSought({ line, row });
    });
    return () => {
      isWanted = false;
    };
  }, [text, line, tries]);
  // Once the list is drawn with the row in it.
  useEffect(() => {
    if (sought?.row !== null && sought !== null)
      rows.scrollToIndex(sought.row, { align: "center" });
  }, [sought, rows]);

  const marked = new Set(findings.flatMap((finding) => finding.lines));
  return (
    <>
      <p role="status" className="muted">
        {statusOf(state, sought?.row === null && sought.line === line ? line : null)}
      </p>
      {state.trouble && <p className={styles.trouble}>{state.trouble}</p>}
      {state.error !== null && (
        <ProblemNote
          problem={state.error}
          action={
            <Button
              onClick={() => {
                text.retry();
                setTries(tries + 1);
              }}
            >
              Try again
            </Button>
          }
        />
      )}
      <div ref={scroll} className={styles.text} role="region" aria-label={path} tabIndex={0}>
        <div className={styles.lines} style={{ height: rows.getTotalSize() }}>
          {items.map((item) => {
            const row = text.rowAt(item.index);
            const look =
              row?.line === line ? styles.wanted : marked.has(row?.line ?? 0) ? styles.hit : "";
            return (
              <div
                key={item.key}
                className={`${styles.row} ${look}`}
                style={{ top: item.start, height: ROW }}
                data-line={row?.line}
                aria-current={row && row.line === line ? "location" : undefined}
              >
                <span className={styles.number}>{row && !row.isContinued ? row.line : ""}</span>
                <span className={styles.words}>{row?.text}</span>
              </div>
            );
          })}
        </div>
      </div>
    </>
  );
}

function statusOf({ seeking, isWhole, rows, error }: FileState, missing: number | null): string {
  if (error !== null) return "";
  if (seeking !== null) return `Reading on to line ${seeking}…`;
  if (missing !== null) return `There is no line ${missing}.`;
  if (rows === 0) return isWhole ? "The file is empty." : "Loading the file…";
  return isWhole ? "The end of it is known." : "More of it is read as you go on.";
}
