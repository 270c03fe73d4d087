import { Link } from "@tanstack/react-router";

import type { ComponentReport, ValueReport } from "../../api/types";
import { Card } from "../../ui/Page";
import { formatDays, formatRange } from "../../ui/statistics";
import { Table, type TableColumn } from "../../ui/Table";

/** Freezes by version of the hypervisor, the first thing that people ask for. */
export function ByVersion({ report }: { report: ComponentReport }) {
  return (
    <Card
      title="Freezes by version of the hypervisor"
      aside={
        <Link
          to="/reliability"
          search={(old) => ({ q: old.q, alpha: old.alpha, component: "hypervisor" })}
          hash="component"
        >
          Rates and curves
        </Link>
      }
    >
      <Table
        label="Freezes by version of the hypervisor"
        columns={COLUMNS}
        rows={report.values}
        rowKey={({ value }) => value}
      />
    </Card>
  );
}

const COLUMNS: readonly TableColumn<ValueReport>[] = [
  { key: "version", title: "Version", cell: ({ value }) => <strong>{value}</strong> },
  {
    key: "appliances",
    title: "Appliances watched",
    number: true,
    cell: ({ appliances }) => appliances.toLocaleString("en-GB"),
  },
  {
    key: "days",
    title: "Appliance-days",
    number: true,
    cell: ({ appliance_days }) => formatDays(appliance_days),
  },
  {
    key: "deaths",
    title: "Freezes",
    number: true,
    cell: ({ deaths }) => deaths.toLocaleString("en-GB"),
  },
  {
    key: "unknown",
    title: "Unknown ends",
    number: true,
    cell: ({ unknown }) => unknown.toLocaleString("en-GB"),
  },
  {
    key: "rate",
    title: "In 1000 appliance-days (95 %)",
    number: true,
    cell: ({ rate_per_1000 }) => (rate_per_1000 ? formatRange(rate_per_1000) : "–"),
  },
];
