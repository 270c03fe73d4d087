import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";

import { NORMAL_ALPHA, reliability, runningCount, runningFilter } from "../../api/reliability";
import type { Reliability, ValueReport } from "../../api/types";
import { RatesFigure } from "../../charts/RatesFigure";
import { useEveryMinute } from "../../live/live";
import { EmptyState } from "../../ui/EmptyState";
import { count } from "../../ui/format";
import { Card } from "../../ui/Page";
import { mostWatched, RATE_COLUMNS } from "../../ui/rates";
import { Table, type TableColumn } from "../../ui/Table";
import { verdictTitle, verdictWords } from "../../ui/verdict";
import styles from "./Overview.module.css";
import { Part } from "./Part";

/** No more versions are listed here; the page of reliability has them all. */
const SHOWN = 12;

const TITLE = "Freezes by version of the hypervisor";

/** How often appliances froze with which version, and what can be said of that. */
export function VersionsCard() {
  const found = useQuery({ ...reliability("", NORMAL_ALPHA), refetchInterval: useEveryMinute() });
  return (
    <Card title={TITLE} aside={<ToReliability>Rates and curves</ToReliability>}>
      <Part found={found} what="what was watched">
        {(data) => <Versions found={data} />}
      </Part>
    </Card>
  );
}

function Versions({ found: { diagnosis } }: { found: Reliability }) {
  const { verdict, components } = diagnosis;
  const values = components.find(({ component }) => component === "hypervisor")?.values ?? [];
  const watched = new Set(mostWatched(values, SHOWN));
  const shown = values.filter((value) => watched.has(value));
  if (shown.length === 0) {
    return (
      <EmptyState title="Nothing was watched yet">
        <p>Appliances tell how each of their boots ended, and which version ran.</p>
      </EmptyState>
    );
  }
  return (
    <>
      <div className={styles.said} data-verdict={verdict.kind}>
        <h3>
          <Link to="/reliability">{verdictTitle(verdict)}</Link>
        </h3>
        {/* The evidence for suspects stands on their page; why nothing can be said stands here too. */}
        {!("suspects" in verdict) &&
          verdictWords(verdict).map((sentence) => <p key={sentence}>{sentence}</p>)}
      </div>
      <Table label={TITLE} columns={COLUMNS} rows={shown} rowKey={({ value }) => value} />
      {values.length > shown.length && (
        <p className={styles.padded}>
          <ToReliability>
            {count(values.length - shown.length, "version")} that ran for less time
          </ToReliability>
        </p>
      )}
      <div className={styles.rates}>
        <RatesFigure title="Deaths by version of the hypervisor" values={shown} />
      </div>
    </>
  );
}

function ToReliability({ children }: { children: React.ReactNode }) {
  return (
    <Link to="/reliability" search={{ component: "hypervisor" }} hash="component">
      {children}
    </Link>
  );
}

/** How many appliances run it now. */
function Running({ version }: { version: string }) {
  const { data } = useQuery(runningCount("hypervisor", version));
  if (data === undefined) return null;
  return (
    <Link to="/appliances" search={{ q: runningFilter("hypervisor", version) }}>
      {data.toLocaleString("en-GB")}
      <span className="hidden"> with {version}</span>
    </Link>
  );
}

const COLUMNS: readonly TableColumn<ValueReport>[] = [
  { key: "version", title: "Version", cell: ({ value }) => <ToReliability>{value}</ToReliability> },
  {
    key: "running",
    title: "Run it now",
    number: true,
    cell: ({ value }) => <Running version={value} />,
  },
  ...RATE_COLUMNS,
];
