import { useState } from "react";

import type { ComponentSpan } from "../../api/types";
import { EmptyState } from "../../ui/EmptyState";
import { CheckField } from "../../ui/Field";
import { count } from "../../ui/format";
import { Card } from "../../ui/Page";
import { Table, type TableColumn } from "../../ui/Table";
import { Time } from "../../ui/Time";
import styles from "./AppliancePage.module.css";
import { componentName } from "./components";

interface ComponentsCardProps {
  spans: readonly ComponentSpan[];
  vms: ReadonlyMap<string, string>;
}

/** What the appliance was made of, and when. */
export function ComponentsCard({ spans, vms }: ComponentsCardProps) {
  const [isAll, setAll] = useState(true);
  const rows = isAll ? spans : spans.filter(({ until }) => !until);
  return (
    <Card
      title="Components"
      aside={<span className="muted">{count(rows.length, "entry", "entries")}</span>}
    >
      {spans.length === 0 ? (
        <EmptyState title="No component is known yet" />
      ) : (
        <>
          <div className={styles.padded}>
            <CheckField
              label="Only what is so now"
              checked={!isAll}
              onChange={(event) => setAll(!event.target.checked)}
            />
          </div>
          <Table
            label="History of components"
            columns={columns(vms)}
            rows={rows}
            rowKey={({ component, vm, from, value }) => `${component} ${vm} ${from} ${value}`}
          />
        </>
      )}
    </Card>
  );
}

function columns(vms: ReadonlyMap<string, string>): readonly TableColumn<ComponentSpan>[] {
  return [
    { key: "component", title: "Component", cell: (span) => componentName(span, vms) },
    { key: "value", title: "Was", cell: ({ value }) => <code>{value}</code> },
    { key: "from", title: "From", cell: ({ from }) => <Time at={from} full /> },
    {
      key: "until",
      title: "Until",
      cell: ({ until }) => (until ? <Time at={until} full /> : "it still is"),
    },
    { key: "boots", title: "Boots", number: true, cell: ({ boots }) => boots },
  ];
}
