import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";

import { migrationDetail, nameOf, type Migration } from "../../api/migrations";
import { useEveryMinute } from "../../live/live";
import { Button } from "../../ui/Button";
import { CopyId } from "../../ui/CopyId";
import { Loading } from "../../ui/EmptyState";
import { formatDuration } from "../../ui/format";
import { Card, Facts, Page } from "../../ui/Page";
import { ProblemNote } from "../../ui/ProblemNote";
import { Time } from "../../ui/Time";
import { HistoryCard } from "./HistoryCard";
import { LinksCard } from "./LinksCard";
import { MigrationActions } from "./MigrationActions";
import { HowFar, PhaseBadge, TimeLeft, WaitWords } from "./MigrationFacts";
import styles from "./Migrations.module.css";
import { PhaseLine } from "./PhaseLine";
import { TasksCard } from "./TasksCard";
import { VmsCard } from "./VmsCard";
import { copiesWords, phaseLook } from "./words";

const route = getRouteApi("/migrations/$id");

/** The move of one appliance: where it is, what proves it, what it waits for, and what can be done. */
export function MigrationPage() {
  const { id } = route.useParams();
  const interval = useEveryMinute();
  const { data, error, refetch } = useQuery({ ...migrationDetail(id), refetchInterval: interval });
  if (data) return <Shown migration={data} />;
  if (!error) return <Loading what="the migration" />;
  return (
    <Page title="Migration">
      <ProblemNote
        problem={error}
        action={
          <div className="line">
            <Button onClick={() => void refetch()}>Try again</Button>
            <Link to="/migrations">All migrations</Link>
          </div>
        }
      />
    </Page>
  );
}

function Shown({ migration }: { migration: Migration }) {
  const { appliance, phase, line, is_past_the_point } = migration;
  return (
    <Page
      title={`${appliance.name} moves to 2.x`}
      lead={
        <span className="line">
          <PhaseBadge phase={phase} />
          <span>
            of{" "}
            <Link to="/appliances/$id" params={{ id: appliance.id }}>
              {appliance.name}
            </Link>
          </span>
          <span role="status" className="hidden">
            {phaseLook(phase)[2]}
          </span>
        </span>
      }
      aside={
        <span className={styles.screen}>
          <MigrationActions migration={migration} />
        </span>
      }
    >
      <div className={styles.screen}>
        <NowCard migration={migration} />
        <PhaseLine line={line} isPast={is_past_the_point} />
        <VmsCard migration={migration} />
      </div>
      <TasksCard migration={migration} />
      <div className={styles.screen}>
        <LinksCard migration={migration} />
        <PlanCard migration={migration} />
        <HistoryCard migration={migration} />
      </div>
    </Page>
  );
}

function NowCard({ migration }: { migration: Migration }) {
  const { what, trouble, permit, soaking_until, heard_at, ended_at, given_up, lost } = migration;
  return (
    <Card title="Now">
      <Facts
        rows={[
          ["Waits for", <WaitWords key="waits" row={migration} />],
          ...(what ? [["Is at", what] as const] : []),
          ...(trouble ? [["Trouble", trouble] as const] : []),
          ["How far", <HowFar key="far" row={migration} />],
          ...(ended_at ? [] : [["Time left", <TimeLeft key="left" row={migration} />] as const]),
          ...(permit
            ? [["Permit good until", <Time key="permit" at={permit.not_after} full />] as const]
            : []),
          ...(soaking_until
            ? [["Watched until", <Time key="soak" at={soaking_until} full />] as const]
            : []),
          ...(given_up
            ? [
                [
                  "Given up",
                  <span key="given-up">
                    by {given_up.by} <Time at={given_up.at} full />: {given_up.reason}
                  </span>,
                ] as const,
              ]
            : []),
          ...(lost
            ? [
                [
                  "Not expected back",
                  <span key="lost">
                    says {lost.by} <Time at={lost.at} full />: {lost.reason}
                  </span>,
                ] as const,
              ]
            : []),
          ended_at
            ? ["Ended", <Time key="ended" at={ended_at} full />]
            : ["Last heard of", <Time key="heard" at={heard_at} full />],
        ]}
      />
    </Card>
  );
}

function PlanCard({ migration }: { migration: Migration }) {
  const { id, drive, plan, started_at, started_by } = migration;
  const excluded = plan.excluded ?? [];
  return (
    <Card title="Plan">
      <Facts
        rows={[
          ["Id", <CopyId key="id" id={id} what="migration id" />],
          ["Drive", drive ? <CopyId key="drive" id={drive} what="id of the drive" /> : "not known"],
          ["VMs", plan.vms.map(({ name }) => name).join(", ")],
          ...(excluded.length > 0
            ? [
                [
                  "Left out",
                  <ul key="excluded">
                    {excluded.map(({ uuid, name, by, reason }) => (
                      <li key={uuid}>
                        {name}: {reason} <span className="muted">({by})</span>
                      </li>
                    ))}
                  </ul>,
                ] as const,
              ]
            : []),
          ["Second copy", copiesWords(plan.copies)],
          ["VMs may be off for", formatDuration(plan.downtime_seconds)],
          ["Watched for", formatDuration(plan.soak_seconds)],
          ["Begun by", nameOf(started_by)],
          ["Begun", <Time key="begun" at={started_at} full />],
        ]}
      />
    </Card>
  );
}
