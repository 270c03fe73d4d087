import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";

import { bulkDetail } from "../../api/queries";
import type { Bulk, BulkResult } from "../../api/types";
import { Button } from "../../ui/Button";
import { EmptyState, Loading } from "../../ui/EmptyState";
import { count, operationTitle } from "../../ui/format";
import { Card, Page } from "../../ui/Page";
import { ProblemNote } from "../../ui/ProblemNote";
import { Bar, OperationProgress } from "../../ui/ProgressBar";
import { Segments } from "../../ui/Segments";
import { BulkStateBadge } from "../../ui/states";
import { Table, type TableColumn } from "../../ui/Table";
import { Time } from "../../ui/Time";
import styles from "./BulkPage.module.css";
import { CancelAll } from "./CancelAll";
import { countOf, GROUPS, inWords, statesOf } from "./progress";

const route = getRouteApi("/bulks/$id");

/** Something that was asked of many appliances: what became of it at each, failures first. */
export function BulkPage() {
  const { id } = route.useParams();
  const { state } = route.useSearch();
  const navigate = route.useNavigate();
  const found = useInfiniteQuery({
    ...bulkDetail(id, statesOf(state)),
    placeholderData: keepPreviousData,
  });
  const first = found.data?.pages[0];
  // While another state is fetched the rows before stay, but never those of another request.
  const bulk = first?.id === id ? first : undefined;
  if (!bulk) {
    if (!found.error) return <Loading what="what was asked" />;
    return (
      <Page title="Asked of many">
        <ProblemNote
          problem={found.error}
          action={
            <div className="line">
              <Button onClick={() => void found.refetch()}>Try again</Button>
              <Link to="/operations">All operations</Link>
            </div>
          }
        />
      </Page>
    );
  }
  const results = found.data?.pages.flatMap((page) => page.results) ?? [];
  return (
    <Page
      title={`${operationTitle(bulk.kind)} on ${count(bulk.total, "appliance")}`}
      lead={<Lead bulk={bulk} />}
      aside={<CancelAll id={id} bulk={bulk} />}
    >
      <Card title="How far" aside={<span className="muted">{inWords(bulk)}</span>}>
        <div className={styles.padded}>
          <Bar
            share={(bulk.total - countOf(bulk, "active")) / Math.max(1, bulk.total)}
            label="Appliances that are done with it"
          />
          <Segments<string | null>
            label="What became of it"
            value={state ?? null}
            segments={GROUPS.map(([value, word]) => ({ value, word, count: countOf(bulk, value) }))}
            onChange={(value) =>
              void navigate({ to: ".", search: { state: value ?? undefined }, replace: true })
            }
          />
          <span role="status" className="hidden">
            {bulk.done ? `Over: ${inWords(bulk)}` : ""}
          </span>
        </div>
      </Card>
      <Card title="Appliances">
        {results.length === 0 ? (
          <EmptyState title="None of them" />
        ) : (
          <Table
            label="Appliances"
            columns={COLUMNS}
            rows={results}
            rowKey={({ appliance }) => appliance.id}
          />
        )}
      </Card>
      {found.hasNextPage && (
        <Button busy={found.isFetchingNextPage} onClick={() => void found.fetchNextPage()}>
          Show more
        </Button>
      )}
    </Page>
  );
}

function Lead({ bulk: { requested_by, created_at, filter } }: { bulk: Bulk }) {
  return (
    <span>
      asked by {requested_by?.email ?? "the server"} <Time at={created_at} full />
      {filter && (
        <>
          , of all that matched <code>{filter}</code>
        </>
      )}
    </span>
  );
}

const COLUMNS: readonly TableColumn<BulkResult>[] = [
  {
    key: "appliance",
    title: "Appliance",
    cell: ({ appliance }) => (
      <Link to="/appliances/$id" params={{ id: appliance.id }}>
        {appliance.name}
      </Link>
    ),
  },
  { key: "state", title: "State", cell: ({ state }) => <BulkStateBadge state={state} bare /> },
  { key: "how", title: "How far, or why not", cell: (result) => <How result={result} /> },
  {
    key: "operation",
    title: "Operation",
    cell: ({ operation_id: id }) =>
      id ? (
        <Link to="/operations/$id" params={{ id }}>
          operation
        </Link>
      ) : (
        <span className="muted">none</span>
      ),
  },
];

function How({ result: { reason, what_to_do, progress } }: { result: BulkResult }) {
  if (progress) return <OperationProgress progress={progress} />;
  if (!reason) return null;
  return (
    <div>
      <p>{reason.message}</p>
      {what_to_do && <p className="muted">{what_to_do}</p>}
    </div>
  );
}
