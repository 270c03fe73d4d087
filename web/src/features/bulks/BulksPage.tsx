import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";

import { allBulks } from "../../api/queries";
import type { BulkSummary } from "../../api/types";
import { Button } from "../../ui/Button";
import { EmptyState, Loading } from "../../ui/EmptyState";
import { operationTitle } from "../../ui/format";
import { Card, Page } from "../../ui/Page";
import { ProblemNote } from "../../ui/ProblemNote";
import { Table, type TableColumn } from "../../ui/Table";
import { Time } from "../../ui/Time";
import { inWords } from "./progress";

/** What was asked of many appliances at once, newest first. */
export function BulksPage() {
  const found = useInfiniteQuery(allBulks());
  const rows = found.data?.pages.flatMap((page) => page.bulks) ?? [];
  return (
    <Page title="Asked of many" lead="What was asked of many appliances at once, newest first.">
      {found.error && !found.data ? (
        <ProblemNote
          problem={found.error}
          action={<Button onClick={() => void found.refetch()}>Try again</Button>}
        />
      ) : !found.data ? (
        <Loading what="what was asked" />
      ) : rows.length === 0 ? (
        <EmptyState title="Nothing was asked of many yet">
          <p>Select appliances in their list, and act on all of them.</p>
          <Link to="/appliances">Go to the appliances</Link>
        </EmptyState>
      ) : (
        <Card title="Requests">
          <Table label="Requests" columns={COLUMNS} rows={rows} rowKey={({ id }) => id} />
        </Card>
      )}
      {found.hasNextPage && (
        <Button busy={found.isFetchingNextPage} onClick={() => void found.fetchNextPage()}>
          Show more
        </Button>
      )}
    </Page>
  );
}

const COLUMNS: readonly TableColumn<BulkSummary>[] = [
  {
    key: "kind",
    title: "What",
    cell: ({ id, kind }) => (
      <Link to="/bulks/$id" params={{ id }}>
        {operationTitle(kind)}
      </Link>
    ),
  },
  {
    key: "whom",
    title: "Of whom",
    cell: ({ filter }) =>
      filter ? <code>{filter}</code> : <span className="muted">chosen one by one</span>,
  },
  { key: "how", title: "How far", cell: (bulk) => inWords(bulk) },
  { key: "by", title: "By", cell: ({ requested_by }) => requested_by.email },
  { key: "asked", title: "Asked", cell: ({ created_at }) => <Time at={created_at} /> },
];
