import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { uptimeImports } from "../../api/reliability";
import type { UptimeImport } from "../../api/types";
import { useRoleReason } from "../../live/operations";
import { Button } from "../../ui/Button";
import { EmptyState, Loading } from "../../ui/EmptyState";
import { Card } from "../../ui/Page";
import { ProblemNote } from "../../ui/ProblemNote";
import { Table, type TableColumn } from "../../ui/Table";
import { Time } from "../../ui/Time";
import { BringTable } from "./BringTable";
import { ForgetTable } from "./ForgetTable";

/** Uptimes of before the fleet was watched. */
export function ImportsCard() {
  const found = useQuery(uptimeImports());
  const reason = useRoleReason("operator");
  const [bringing, setBringing] = useState(false);
  const [forgetting, setForgetting] = useState<UptimeImport | null>(null);
  const columns: readonly TableColumn<UptimeImport>[] = [
    ...COLUMNS,
    {
      key: "forget",
      title: "Forget",
      silent: true,
      cell: (table) => (
        <Button
          small
          aria-haspopup="dialog"
          disabledReason={reason}
          onClick={() => setForgetting(table)}
        >
          Forget<span className="hidden"> {table.source}</span>
        </Button>
      ),
    },
  ];
  return (
    <Card
      title="Uptimes of before"
      aside={
        <Button
          small
          aria-haspopup="dialog"
          disabledReason={reason}
          onClick={() => setBringing(true)}
        >
          Import a table
        </Button>
      }
    >
      {found.error && !found.data ? (
        <ProblemNote
          problem={found.error}
          action={<Button onClick={() => void found.refetch()}>Try again</Button>}
        />
      ) : !found.data ? (
        <Loading what="tables" />
      ) : found.data.imports.length === 0 ? (
        <EmptyState title="No table was imported">
          <p>Uptimes that somebody wrote down count as much as what the server watched itself.</p>
        </EmptyState>
      ) : (
        <Table
          label="Uptimes of before"
          columns={columns}
          rows={found.data.imports}
          rowKey={({ id }) => id}
        />
      )}
      {bringing && <BringTable onClose={() => setBringing(false)} />}
      {forgetting && <ForgetTable table={forgetting} onClose={() => setForgetting(null)} />}
    </Card>
  );
}

const COLUMNS: readonly TableColumn<UptimeImport>[] = [
  { key: "source", title: "Table", cell: ({ source }) => source },
  {
    key: "rows",
    title: "Rows",
    number: true,
    cell: ({ rows }) => rows.toLocaleString("en-GB"),
  },
  {
    key: "appliances",
    title: "Appliances",
    number: true,
    cell: ({ appliances }) => appliances.toLocaleString("en-GB"),
  },
  { key: "at", title: "Imported", cell: ({ imported_at }) => <Time at={imported_at} /> },
];
