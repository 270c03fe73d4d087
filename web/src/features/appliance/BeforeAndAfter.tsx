import { mitigationTitle } from "../../api/mitigations";
import type { MitigationEffect } from "../../api/types";
import { Table, type TableColumn } from "../../ui/Table";
import { formatDays, formatRange } from "../../ui/statistics";
import styles from "./AppliancePage.module.css";

interface Row {
  readonly when: string;
  readonly watched: MitigationEffect["before"];
}

const COLUMNS: readonly TableColumn<Row>[] = [
  { key: "when", title: "When", silent: true, cell: ({ when }) => when },
  {
    key: "days",
    title: "Days watched",
    number: true,
    cell: ({ watched }) => formatDays(watched.days),
  },
  { key: "deaths", title: "Deaths", number: true, cell: ({ watched }) => deaths(watched) },
  {
    key: "rate",
    title: "Per 1000 days (95 %)",
    number: true,
    cell: ({ watched }) => (watched.rate ? formatRange(watched.rate) : "not watched"),
  },
];

/** An appliance beside itself before a mitigation came into force on it, and whether that says anything. */
export function BeforeAndAfter({ effect }: { effect: MitigationEffect }) {
  const { which, before, after, sentence } = effect;
  const rows: Row[] = [
    { when: "Before", watched: before },
    { when: "After", watched: after },
  ];
  return (
    <>
      <Table
        label={`Deaths before and after: ${mitigationTitle(which)}`}
        columns={COLUMNS}
        rows={rows}
        rowKey={({ when }) => when}
      />
      <p className={styles.padded}>{sentence}</p>
    </>
  );
}

/** What nobody knows the cause of may be one as well. */
function deaths({ deaths, unknown }: Row["watched"]): string {
  return unknown > 0 ? `${deaths}, and ${unknown} unknown` : `${deaths}`;
}
