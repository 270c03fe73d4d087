import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";

import { setState } from "../../api/backups";
import { allBackupSets } from "../../api/queries";
import type { BackupSet } from "../../api/types";
import { Button } from "../../ui/Button";
import { CopyId } from "../../ui/CopyId";
import { EmptyState, Loading } from "../../ui/EmptyState";
import { NameField, SelectField } from "../../ui/Field";
import { count, formatBytes } from "../../ui/format";
import { WarningIcon } from "../../ui/icons";
import { Card, Page } from "../../ui/Page";
import { ProblemNote } from "../../ui/ProblemNote";
import { SetCondition, SetVms } from "../../ui/SetFacts";
import { SetKeyButton } from "../../ui/SetKeyButton";
import { Table, type TableColumn } from "../../ui/Table";
import { Time } from "../../ui/Time";
import styles from "./BackupsPage.module.css";
import { FleetDrives } from "./FleetDrives";

const route = getRouteApi("/backups");

/** The language of filters has no escapes: what cannot be written in it is left out. */
export function filterOf(appliance: string, state = ""): string {
  const text = appliance.trim().replaceAll(/["\\]/g, "");
  const known = STATES.some(([value]) => value === state && value !== "");
  return [text === "" ? "" : `appliance~"${text}"`, known ? `state=${state}` : ""]
    .filter((term) => term !== "")
    .join(" ");
}

/** What is looked for, as the page's URL says it. */
const STATES: ReadonlyArray<readonly [string, string]> = [
  ["", "All"],
  ["verified", "Verified"],
  ["damaged", "Damaged"],
  ["unverified", "Not verified"],
  ["unfinished", "Not finished"],
  ["gone", "Gone from the drive"],
];

const NEWEST = "-created_at";

/** The backup sets of the fleet, as the appliances last told of them. */
export function BackupsPage() {
  const { appliance = "", state = "", sort = NEWEST } = route.useSearch();
  const navigate = route.useNavigate();
  const change = (search: { appliance?: string; state?: string; sort?: string }) =>
    void navigate({ to: ".", search: (old) => ({ ...old, ...search }), replace: true });
  const sets = useInfiniteQuery({
    ...allBackupSets(filterOf(appliance, state), sort),
    placeholderData: keepPreviousData,
  });
  const total = sets.data?.pages[0]?.total ?? 0;
  const rows = sets.data?.pages.flatMap((page) => page.sets) ?? [];
  return (
    <Page
      title="Backups"
      lead="What is on the USB drives of the fleet, as the appliances last told of it."
      aside={<Link to="/schedules">Schedules</Link>}
    >
      <div className={styles.filters}>
        <NameField
          label="Appliance"
          data-search
          placeholder="Part of its name"
          value={appliance}
          onChange={(event) => change({ appliance: event.target.value || undefined })}
        />
        <SelectField
          label="State"
          value={state}
          onChange={(event) => change({ state: event.target.value || undefined })}
        >
          {STATES.map(([value, word]) => (
            <option key={value} value={value}>
              {word}
            </option>
          ))}
        </SelectField>
        <SelectField
          label="Order"
          value={sort}
          onChange={(event) =>
            change({ sort: event.target.value === NEWEST ? undefined : event.target.value })
          }
        >
          <option value={NEWEST}>Newest first</option>
          <option value="created_at">Oldest first</option>
          <option value="verified_at">Verified longest ago first</option>
          <option value="-verified_at">Verified most recently first</option>
        </SelectField>
        <span role="status" className="muted">
          {sets.data ? summary(rows, total) : ""}
        </span>
      </div>
      <p className={styles.note}>
        <WarningIcon />
        <span>
          Only a set that is verified is a backup. Whoever holds a drive holds all of the customer’s
          data on it, but for what is in an encrypted set.
        </span>
      </p>
      {sets.error && !sets.data ? (
        <ProblemNote
          problem={sets.error}
          action={<Button onClick={() => void sets.refetch()}>Try again</Button>}
        />
      ) : !sets.data ? (
        <Loading what="backup sets" />
      ) : rows.length === 0 ? (
        <Nothing
          filtered={appliance !== "" || state !== ""}
          onClear={() => change({ appliance: undefined, state: undefined })}
        />
      ) : (
        <Card title="Backup sets">
          <Table
            label="Backup sets"
            columns={COLUMNS}
            rows={rows}
            rowKey={(set) => `${set.appliance.id} ${set.drive} ${set.set}`}
          />
        </Card>
      )}
      {sets.hasNextPage && (
        <Button busy={sets.isFetchingNextPage} onClick={() => void sets.fetchNextPage()}>
          Show more
        </Button>
      )}
      <FleetDrives appliance={appliance} />
    </Page>
  );
}

/** How many sets there are, and how many of those that are shown are no backups. */
export function summary(rows: readonly BackupSet[], total: number): string {
  const bad = rows.filter((set) => !["verified", "gone"].includes(setState(set))).length;
  const sets = count(total, "set");
  if (total === 0 || bad === 0) return sets;
  const shown = rows.length < total ? `, of the ${rows.length} shown` : ",";
  return `${sets}${shown} ${bad} not verified`;
}

function Nothing({ filtered, onClear }: { filtered: boolean; onClear: () => void }) {
  if (filtered) {
    return (
      <EmptyState title="No such backup is known">
        <Button small onClick={onClear}>
          Show all
        </Button>
      </EmptyState>
    );
  }
  return (
    <EmptyState title="No backup is known yet">
      <p>Open an appliance that has a USB drive, and back its VMs up under Backups.</p>
      <Link to="/appliances">Go to the appliances</Link>
    </EmptyState>
  );
}

const COLUMNS: readonly TableColumn<BackupSet>[] = [
  { key: "state", title: "State", cell: (set) => <SetCondition set={set} /> },
  {
    key: "appliance",
    title: "Appliance",
    cell: ({ appliance }) => (
      <Link to="/appliances/$id/backups" params={{ id: appliance.id }}>
        {appliance.name}
      </Link>
    ),
  },
  { key: "vms", title: "VMs", cell: ({ vms }) => <SetVms vms={vms} /> },
  { key: "begun", title: "Begun", cell: ({ created_at }) => <Time at={created_at} /> },
  {
    key: "size",
    title: "On the drive",
    number: true,
    cell: ({ stored_bytes }) => formatBytes(stored_bytes ?? 0),
  },
  {
    key: "drive",
    title: "Drive",
    cell: ({ drive }) => <CopyId id={drive} what="id of the drive" letters={13} />,
  },
  { key: "told", title: "As told", cell: ({ told_at }) => <Time at={told_at} /> },
  { key: "key", title: "Key", silent: true, cell: (set) => <SetKeyButton set={set} /> },
];
