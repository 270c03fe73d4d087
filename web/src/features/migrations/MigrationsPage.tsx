import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";

import { allMigrations, filterOf, type MigrationRow } from "../../api/migrations";
import { useEveryMinute } from "../../live/live";
import { Button } from "../../ui/Button";
import { EmptyState, Loading } from "../../ui/EmptyState";
import { NameField, SelectField } from "../../ui/Field";
import { count } from "../../ui/format";
import { Card, Page } from "../../ui/Page";
import { ProblemNote } from "../../ui/ProblemNote";
import { Table, type TableColumn } from "../../ui/Table";
import { Time } from "../../ui/Time";
import { HowFar, PhaseBadge, WaitWords } from "./MigrationFacts";
import styles from "./Migrations.module.css";
import { PHASE_NAMES, phaseLook } from "./words";

const route = getRouteApi("/migrations");

/** The appliances that move, or moved, to the next line of releases. */
export function MigrationsPage() {
  const { appliance = "", state = "" } = route.useSearch();
  const navigate = route.useNavigate();
  const change = (search: { appliance?: string; state?: string }) =>
    void navigate({ to: ".", search: (old) => ({ ...old, ...search }), replace: true });
  const found = useInfiniteQuery({
    ...allMigrations(filterOf(appliance, state)),
    placeholderData: keepPreviousData,
    refetchInterval: useEveryMinute(),
  });
  const rows = found.data?.pages.flatMap((page) => page.migrations) ?? [];
  return (
    <Page title="Migrations" lead="Appliances on their way from 1.x to 2.x, newest first.">
      <div className={styles.filters}>
        <NameField
          label="Appliance"
          data-search
          placeholder="Part of its name"
          value={appliance}
          onChange={(event) => change({ appliance: event.target.value || undefined })}
        />
        <SelectField
          label="Phase"
          value={state}
          onChange={(event) => change({ state: event.target.value || undefined })}
        >
          <option value="">All</option>
          <option value="open">Under way</option>
          <option value="over">Over</option>
          {PHASE_NAMES.map((phase) => (
            <option key={phase} value={phase}>
              {phaseLook(phase)[2]}
            </option>
          ))}
        </SelectField>
        <span role="status" className="muted">
          {found.data ? count(found.data.pages[0]?.total ?? 0, "migration") : ""}
        </span>
      </div>
      {found.error && !found.data ? (
        <ProblemNote
          problem={found.error}
          action={<Button onClick={() => void found.refetch()}>Try again</Button>}
        />
      ) : !found.data ? (
        <Loading what="migrations" />
      ) : rows.length === 0 ? (
        <Nothing
          filtered={appliance !== "" || state !== ""}
          onClear={() => change({ appliance: undefined, state: undefined })}
        />
      ) : (
        <Card title="Migrations">
          <Table label="Migrations" columns={COLUMNS} rows={rows} rowKey={({ id }) => id} />
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

function Nothing({ filtered, onClear }: { filtered: boolean; onClear: () => void }) {
  if (filtered) {
    return (
      <EmptyState title="No such migration is known">
        <Button small onClick={onClear}>
          Show all
        </Button>
      </EmptyState>
    );
  }
  return (
    <EmptyState title="No appliance was moved yet">
      <p>Open an appliance, and look under Move to 2.x what stands in the way.</p>
      <Link to="/appliances">Go to the appliances</Link>
    </EmptyState>
  );
}

const COLUMNS: readonly TableColumn<MigrationRow>[] = [
  {
    key: "appliance",
    title: "Appliance",
    cell: ({ id, appliance }) => (
      <Link to="/migrations/$id" params={{ id }}>
        {appliance.name}
      </Link>
    ),
  },
  { key: "phase", title: "Phase", cell: ({ phase }) => <PhaseBadge phase={phase} bare /> },
  { key: "waits", title: "Waits for", cell: (row) => <WaitWords row={row} /> },
  { key: "far", title: "How far", cell: (row) => <HowFar row={row} /> },
  { key: "begun", title: "Begun", cell: ({ started_at }) => <Time at={started_at} /> },
  {
    key: "heard",
    title: "As told",
    cell: ({ ended_at, heard_at }) =>
      ended_at ? (
        <>
          ended <Time at={ended_at} />
        </>
      ) : (
        <Time at={heard_at} />
      ),
  },
];
