import { Link } from "@tanstack/react-router";

import type { ComponentReport, ValueReport } from "../../api/types";
import { Card } from "../../ui/Page";
import { RATE_COLUMNS } from "../../ui/rates";
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
  ...RATE_COLUMNS,
];
