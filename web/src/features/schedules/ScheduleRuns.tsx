import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";

import { scheduleRuns } from "../../api/schedules";
import type { BackupSchedule, ScheduleRun } from "../../api/types";
import { Loading } from "../../ui/EmptyState";
import { count } from "../../ui/format";
import { ProblemNote } from "../../ui/ProblemNote";
import { BulkStateBadge } from "../../ui/states";
import { Table, type TableColumn } from "../../ui/Table";
import { Time } from "../../ui/Time";
import styles from "./Schedules.module.css";

/** How a schedule fared last, in a line. */
export function lastInWords({ succeeded, unfinished, failed, refused }: BackupSchedule["last"]) {
  const parts = [
    [failed, "failed"],
    [refused, "could not be asked"],
    [unfinished, "under way"],
    [succeeded, "verified"],
  ] as const;
  const told = parts.filter(([number]) => number > 0).map(([number, word]) => `${number} ${word}`);
  return told.length === 0 ? "No time of it has come yet" : `Last: ${told.join(", ")}`;
}

/** What came of the newest time of each appliance; fetched once somebody wants to see it. */
export function ScheduleRuns({ schedule }: { schedule: BackupSchedule }) {
  const [isOpen, setOpen] = useState(false);
  return (
    <details className={styles.runs} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>{lastInWords(schedule.last)}</summary>
      {isOpen && <Runs schedule={schedule} />}
    </details>
  );
}

function Runs({ schedule: { id, plan } }: { schedule: BackupSchedule }) {
  const found = useQuery(scheduleRuns(id));
  if (!found.data) {
    if (found.error) return <ProblemNote problem={found.error} />;
    return <Loading what="what came of it" />;
  }
  const { runs } = found.data;
  return (
    <Table
      label={`What came of ${plan.name}`}
      columns={COLUMNS}
      rows={runs}
      rowKey={({ appliance, due_at }) => `${appliance.id} ${due_at}`}
    />
  );
}

const COLUMNS: readonly TableColumn<ScheduleRun>[] = [
  {
    key: "state",
    title: "State",
    cell: ({ state, outcome }) => <BulkStateBadge state={state ?? outcome} />,
  },
  {
    key: "appliance",
    title: "Appliance",
    cell: ({ appliance }) => (
      <Link to="/appliances/$id/backups" params={{ id: appliance.id }}>
        {appliance.name}
      </Link>
    ),
  },
  {
    key: "due",
    title: "Due",
    cell: ({ due_at: due, missed }) => (
      <>
        <Time at={due} />
        {missed > 0 && (
          <span className="muted"> made up for {count(missed, "time")} that passed before</span>
        )}
      </>
    ),
  },
  {
    key: "why",
    title: "What came of it",
    cell: ({ reason, what_to_do: advice, operation_id: operation }) => (
      <>
        {reason && <span>{reason.message} </span>}
        {advice && <span className="muted">{advice} </span>}
        {operation && (
          <Link to="/operations/$id" params={{ id: operation }}>
            Its operation
          </Link>
        )}
      </>
    ),
  },
];
