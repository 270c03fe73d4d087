import { useInfiniteQuery } from "@tanstack/react-query";

import {
  migrationRecords,
  type Decision,
  type Migration,
  type MigrationRecord,
} from "../../api/migrations";
import { Button } from "../../ui/Button";
import { EmptyState, Loading } from "../../ui/EmptyState";
import { count } from "../../ui/format";
import { Card } from "../../ui/Page";
import { ProblemNote } from "../../ui/ProblemNote";
import { Table, type TableColumn } from "../../ui/Table";
import { Time } from "../../ui/Time";
import { decisionWords, recordWords } from "./words";

/** What was decided by people, and what the journal tells. */
export function HistoryCard({ migration }: { migration: Migration }) {
  const { id, decisions } = migration;
  const found = useInfiniteQuery(migrationRecords(id));
  const records = found.data?.pages.flatMap((page) => page.records) ?? [];
  const total = found.data?.pages.at(-1)?.total ?? 0;
  const vmName = (vm: string) => {
    const excluded = migration.plan.excluded ?? [];
    const all = [...migration.vms, ...excluded.map(({ uuid, name }) => ({ vm: uuid, name }))];
    return all.find((known) => known.vm === vm)?.name ?? vm;
  };
  return (
    <>
      {decisions.length > 0 && (
        <Card title="Decided">
          <Table
            label="Decided"
            columns={decisionColumns(vmName)}
            rows={decisions}
            rowKey={({ number }) => String(number)}
          />
        </Card>
      )}
      <Card
        title="History"
        aside={<span className="muted">{found.data ? count(total, "record") : ""}</span>}
      >
        {found.error && !found.data ? (
          <ProblemNote
            problem={found.error}
            action={<Button onClick={() => void found.refetch()}>Try again</Button>}
          />
        ) : !found.data ? (
          <Loading what="the history" />
        ) : records.length === 0 ? (
          <EmptyState title="The appliance has told nothing yet" />
        ) : (
          <Table
            label="History"
            columns={recordColumns(vmName)}
            rows={records}
            rowKey={({ number }) => String(number)}
          />
        )}
      </Card>
      {found.hasNextPage && (
        <Button busy={found.isFetchingNextPage} onClick={() => void found.fetchNextPage()}>
          Show more of the history
        </Button>
      )}
    </>
  );
}

type Name = (vm: string) => string;

function recordColumns(vmName: Name): readonly TableColumn<MigrationRecord>[] {
  return [
    { key: "number", title: "Number", number: true, cell: ({ number }) => number },
    { key: "at", title: "At", cell: ({ at }) => <Time at={at} full /> },
    { key: "on", title: "On", cell: ({ on }) => on },
    { key: "what", title: "What", cell: (record) => recordWords(record, vmName) },
  ];
}

function decisionColumns(vmName: Name): readonly TableColumn<Decision>[] {
  return [
    {
      key: "what",
      title: "What",
      cell: ({ decision, vm, afresh }) =>
        decisionWords(decision, vm ? vmName(vm) : null, afresh === true),
    },
    { key: "by", title: "By", cell: ({ by }) => by },
    { key: "at", title: "At", cell: ({ at }) => <Time at={at} full /> },
    { key: "why", title: "Why", cell: ({ reason }) => reason },
    {
      key: "state",
      title: "What came of it",
      cell: ({ state, why }) => (state === "refused" ? `refused: ${why ?? ""}` : state),
    },
  ];
}
