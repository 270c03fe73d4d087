import type { ReactNode } from "react";

import { greet } from "./arrival";
import styles from "./Page.module.css";

interface PageProps {
  title: string;
  /** Beside the title. */
  aside?: ReactNode;
  /** Under the title. */
  lead?: ReactNode;
  children: ReactNode;
  /** The content takes the height that is left, and scrolls by itself. */
  fill?: boolean;
}

export function Page({ title, aside, lead, children, fill }: PageProps) {
  return (
    <div className={`${styles.page} ${fill ? styles.fill : ""}`}>
      <title>{`${title} · Domfleet`}</title>
      <header className={styles.head}>
        <div className={styles.words}>
          <h1 tabIndex={-1} ref={greet}>
            {title}
          </h1>
          {lead && <div className={styles.lead}>{lead}</div>}
        </div>
        {aside && <div className={styles.aside}>{aside}</div>}
      </header>
      {children}
    </div>
  );
}

/** A part of a page with its own heading. */
export function Card({
  title,
  aside,
  children,
}: {
  title: string;
  aside?: ReactNode;
  children: ReactNode;
}) {
  return (
    <section className={styles.card}>
      <div className={styles.cardHead}>
        <h2>{title}</h2>
        {aside && <div className="line">{aside}</div>}
      </div>
      {children}
    </section>
  );
}

/** Names and values. */
export function Facts({ rows }: { rows: ReadonlyArray<readonly [string, ReactNode]> }) {
  return (
    <dl className={styles.facts}>
      {rows.map(([name, value]) => (
        <div key={name} className={styles.fact}>
          <dt>{name}</dt>
          <dd>{value ?? <span className="muted">not known</span>}</dd>
        </div>
      ))}
    </dl>
  );
}
