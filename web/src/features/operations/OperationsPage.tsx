import { getRouteApi, Link } from "@tanstack/react-router";
import { useMemo } from "react";

import { ACTIVE, fetchOperations } from "../../api/queries";
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
import { isOver, OperationStateBadge } from "../../ui/states";
import { Elapsed, Time } from "../../ui/Time";
import { InlineProgress } from "./InlineProgress";
import styles from "./OperationsPage.module.css";

const route = getRouteApi("/operations");

const STATES = [
  ["", "All"],
  ["active", "In progress"],
  ["failed", "Failed"],
  ["lost", "Lost"],
  ["succeeded", "Succeeded"],
] as const;

/** What the API is asked for by a word of the page's URL. */
function statesOf(word: string | undefined): string | undefined {
  if (word === "active") return ACTIVE;
  if (word === "failed") return "failed,rejected";
  return word;
}

export function OperationsPage() {
  const { state, kind, sort: sortText = "-created_at" } = route.useSearch();
  const navigate = route.useNavigate();
  const sort = useMemo(() => parseSort(sortText), [sortText]);
  const open = (id: string) => void navigate({ to: "/operations/$id", params: { id } });
  const states = statesOf(state);

  const blocks = useBlocks(
    ["operations", state ?? "", kind ?? "", sortText],
    operations,
    async (offset, limit, signal) => {
      const query = { offset, limit, states, kind, sort: sortText };
      const page = await fetchOperations(query, signal);
      return { rows: page.operations, total: page.total };
    },
  );
  const moved = useMoved<Operation>(operations, blocks.fetchedAt, {
    ids: blocks.loaded,
    whole: blocks.loaded.length >= blocks.total,
    get: (id) => operations.get(id),
    matches: (row) =>
      (!kind || row.kind === kind) && (!states || states.split(",").includes(row.state)),
    compare: () => 0,
  });
  const change = (search: { state?: string; kind?: string }) =>
    void navigate({ to: ".", search: (old) => ({ ...old, ...search }), replace: true });

  return (
    <Page title="Operations" fill lead="What was asked of appliances, and what became of it.">
      <div className={styles.filters}>
        <SelectField
          label="State"
          value={state ?? ""}
          onChange={(event) => change({ state: event.target.value || undefined })}
        >
          {STATES.map(([value, word]) => (
            <option key={value} value={value}>
              {word}
            </option>
          ))}
        </SelectField>
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
        <span role="status" className={styles.total}>
          {blocks.pending ? "" : count(blocks.total, "operation")}
        </span>
        <MovedNote moved={moved} onRefresh={blocks.refresh} />
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
          filtered={Boolean(state ?? kind)}
          onClear={() => change({ state: undefined, kind: undefined })}
        />
      ) : (
        <DataGrid
          label="Operations"
          listKey={`${state}\n${kind}\n${sortText}`}
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
    min: 150,
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
    min: 120,
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
    min: 190,
    grow: 2,
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
    min: 120,
    grow: 1,
    cell: ({ requested_by }) => requested_by?.email ?? "the server",
  },
  {
    key: "asked",
    title: "Asked",
    sort: "created_at",
    number: true,
    min: 112,
    grow: 0,
    cell: ({ created_at }) => <Time at={created_at} />,
  },
  {
    key: "took",
    title: "Took",
    number: true,
    min: 100,
    grow: 0,
    cell: ({ started_at, ended_at }) =>
      started_at ? <Elapsed from={started_at} to={ended_at} /> : <span className="muted">–</span>,
  },
  {
    key: "actions",
    title: "Actions",
    silent: true,
    min: 112,
    grow: 0,
    wideOnly: true,
    cell: (operation) => <OperationActions seen={operation} inGrid />,
  },
];
