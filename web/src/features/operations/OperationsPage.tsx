import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { useMemo } from "react";

import { fetchOperations, operationCounts } from "../../api/queries";
import type { Operation } from "../../api/types";
import { operations } from "../../live/live";
import { Button } from "../../ui/Button";
import type { Column } from "../../ui/DataGrid/column";
import { DataGrid } from "../../ui/DataGrid/DataGrid";
import { parseSort, printSort } from "../../ui/DataGrid/column";
import { MovedNote } from "../../ui/DataGrid/MovedNote";
import { useBlocks } from "../../ui/DataGrid/useBlocks";
import { useMoved } from "../../ui/DataGrid/useMoved";
import { EmptyState, Loading } from "../../ui/EmptyState";
import { SelectField } from "../../ui/Field";
import { count, operationTitle, OPERATION_KINDS } from "../../ui/format";
import { OperationActions } from "../../ui/OperationsTable";
import { Page } from "../../ui/Page";
import { ProblemNote } from "../../ui/ProblemNote";
import { Segments } from "../../ui/Segments";
import { isOver, OperationStateBadge } from "../../ui/states";
import { Elapsed, Time } from "../../ui/Time";
import { WithinField } from "../../ui/WithinField";
import { rankOf, statesOf } from "./failuresFirst";
import { InlineProgress } from "./InlineProgress";
import styles from "./OperationsPage.module.css";

const route = getRouteApi("/operations");

const STATES = [
  ["all", null, "All"],
  ["failed", "failed", "Failed or lost"],
  ["active", "active", "In progress"],
  ["over", "over", "Over"],
] as const;

/** The order where none is asked for: what went wrong first. */
const FAILURES_FIRST = "failures";

export function OperationsPage() {
  const { state, kind, ended, sort: sortText = FAILURES_FIRST } = route.useSearch();
  const navigate = route.useNavigate();
  const sort = useMemo(() => parseSort(sortText), [sortText]);
  const open = (id: string) => void navigate({ to: "/operations/$id", params: { id } });
  const inParts = sortText === FAILURES_FIRST;
  const states = statesOf(state);

  const blocks = useBlocks(
    ["operations", state ?? "", kind ?? "", ended ?? "", sortText],
    operations,
    async (offset, limit, signal) => {
      const page = await fetchOperations(
        { offset, limit, states, kind, ended, sort: sortText },
        signal,
      );
      return { rows: page.operations, total: page.total };
    },
  );
  const moved = useMoved<Operation>(operations, blocks.fetchedAt, {
    ids: blocks.loaded,
    whole: blocks.loaded.length >= blocks.total,
    get: (id) => operations.get(id),
    matches: (row) =>
      (!kind || row.kind === kind) &&
      (!states || states.split(",").includes(row.state)) &&
      // What changes now has ended now, or not at all.
      (!ended || Boolean(row.ended_at)),
    compare: (a, b) => (inParts ? rankOf(a.state) - rankOf(b.state) : 0),
  });
  const change = (search: { state?: string; kind?: string; ended?: string; sort?: string }) =>
    void navigate({ to: ".", search: (old) => ({ ...old, ...search }), replace: true });

  return (
    <Page
      title="Operations"
      fill
      lead="What was asked of appliances, and what became of it."
      aside={
        <States held={state ?? null} onChange={(state) => change({ state: state ?? undefined })} />
      }
    >
      <div className={styles.filters}>
        <SelectField
          label="Kind"
          value={kind ?? ""}
          onChange={(event) => change({ kind: event.target.value || undefined })}
        >
          <option value="">All kinds</option>
          {OPERATION_KINDS.map((value) => (
            <option key={value} value={value}>
              {operationTitle(value)}
            </option>
          ))}
        </SelectField>
        <WithinField label="Ended" value={ended} onChange={(ended) => change({ ended })} />
        <SelectField
          label="Order"
          value={inParts ? "" : sortText}
          onChange={(event) => change({ sort: event.target.value || undefined })}
        >
          <option value="">Failures first</option>
          <option value="-created_at">Newest first</option>
          <option value="created_at">Oldest first</option>
        </SelectField>
        <span role="status" className={styles.total}>
          {blocks.pending ? "" : count(blocks.total, "operation")}
        </span>
        <MovedNote moved={moved} onRefresh={blocks.refresh} />
        <Link to="/bulks" className={styles.many}>
          Asked of many
        </Link>
      </div>
      {blocks.error ? (
        <ProblemNote
          problem={blocks.error}
          action={<Button onClick={blocks.refresh}>Try again</Button>}
        />
      ) : blocks.pending ? (
        <Loading what="operations" />
      ) : blocks.total === 0 ? (
        <Nothing
          filtered={Boolean(state ?? kind ?? ended)}
          onClear={() => change({ state: undefined, kind: undefined, ended: undefined })}
        />
      ) : (
        <DataGrid
          label="Operations"
          listKey={`${state}\n${kind}\n${ended}\n${sortText}`}
          columns={COLUMNS}
          store={operations}
          total={blocks.total}
          idAt={blocks.idAt}
          onRange={blocks.onRange}
          sort={sort}
          onSort={(next) =>
            void navigate({
              to: ".",
              search: (old) => ({ ...old, sort: printSort(next) }),
              replace: true,
            })
          }
          onOpen={open}
          old={blocks.old}
        />
      )}
    </Page>
  );
}

interface StatesProps {
  held: string | null;
  onChange: (state: string | null) => void;
}

/** What is looked for most often, with how many there are of each. */
function States({ held, onChange }: StatesProps) {
  const { data } = useQuery(operationCounts());
  return (
    <Segments<string | null>
      label="State"
      value={held}
      segments={STATES.map(([key, value, word]) => ({ value, word, count: data?.[key] }))}
      onChange={onChange}
    />
  );
}

function Nothing({ filtered, onClear }: { filtered: boolean; onClear: () => void }) {
  if (!filtered) {
    return (
      <EmptyState title="Nothing was asked yet">
        <p>Open an appliance to start a VM, take a snapshot or request debug files.</p>
        <Link to="/appliances">Go to the appliances</Link>
      </EmptyState>
    );
  }
  return (
    <EmptyState title="No operation matches">
      <Button small onClick={onClear}>
        Show all
      </Button>
    </EmptyState>
  );
}

const COLUMNS: readonly Column<Operation>[] = [
  {
    key: "name",
    title: "Operation",
    min: 176,
    grow: 1,
    cell: ({ id, kind }) => (
      <Link to="/operations/$id" params={{ id }} className={styles.name} tabIndex={-1}>
        {operationTitle(kind)}
      </Link>
    ),
  },
  {
    key: "appliance",
    title: "Appliance",
    min: 140,
    grow: 1,
    cell: ({ appliance }) => (
      <Link to="/appliances/$id" params={{ id: appliance.id }} tabIndex={-1}>
        {appliance.name}
      </Link>
    ),
  },
  {
    key: "state",
    title: "State",
    min: 122,
    grow: 0,
    cell: ({ state }) => <OperationStateBadge state={state} bare />,
  },
  {
    key: "progress",
    title: "How far",
    min: 250,
    grow: 3,
    wideOnly: true,
    cell: ({ progress, state, reason }) =>
      progress && !isOver(state) ? (
        <InlineProgress progress={progress} />
      ) : (
        <span className="muted">{reason?.message ?? ""}</span>
      ),
  },
  {
    key: "by",
    title: "By",
    min: 100,
    grow: 0.6,
    cell: ({ requested_by }) => requested_by?.email ?? "the server",
  },
  {
    key: "asked",
    title: "Asked",
    sort: "created_at",
    number: true,
    min: 96,
    grow: 0,
    cell: ({ created_at }) => <Time at={created_at} />,
  },
  {
    key: "took",
    title: "Took",
    number: true,
    min: 84,
    grow: 0,
    cell: ({ started_at, ended_at }) =>
      started_at ? <Elapsed from={started_at} to={ended_at} /> : <span className="muted">–</span>,
  },
  {
    key: "actions",
    title: "Actions",
    silent: true,
    min: 92,
    grow: 0,
    wideOnly: true,
    cell: (operation) => <OperationActions seen={operation} inGrid />,
  },
];
