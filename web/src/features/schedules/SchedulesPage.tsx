import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";

import {
  backupSchedules,
  changeSchedule,
  keepInWords,
  makeupInWords,
  whenInWords,
} from "../../api/schedules";
import type { BackupSchedule } from "../../api/types";
import { queries } from "../../live/live";
import { useRoleReason } from "../../live/operations";
import { Button } from "../../ui/Button";
import { EmptyState, Loading } from "../../ui/EmptyState";
import { count } from "../../ui/format";
import { Card, Facts, Page } from "../../ui/Page";
import { ProblemNote } from "../../ui/ProblemNote";
import { Time } from "../../ui/Time";
import { tell, tellProblem } from "../../ui/toasts";
import { NextTimesList } from "./NextTimesList";
import { RemoveSchedule } from "./RemoveSchedule";
import { ScheduleForm } from "./ScheduleForm";
import { ScheduleRuns } from "./ScheduleRuns";

/** Backups on a schedule: what each says, what it will do next, and what came of it last. */
export function SchedulesPage() {
  const role = useRoleReason("operator");
  const [making, setMaking] = useState(false);
  const found = useQuery(backupSchedules());
  const schedules = found.data?.schedules ?? [];
  return (
    <Page
      title="Backup schedules"
      lead={
        <>
          Backups that are asked for by themselves. What they made is under{" "}
          <Link to="/backups">Backups</Link>.
        </>
      }
      aside={
        <Button look="primary" disabledReason={role} onClick={() => setMaking(true)}>
          New schedule
        </Button>
      }
    >
      {found.error && !found.data ? (
        <ProblemNote
          problem={found.error}
          action={<Button onClick={() => void found.refetch()}>Try again</Button>}
        />
      ) : !found.data ? (
        <Loading what="schedules" />
      ) : schedules.length === 0 ? (
        <EmptyState title="Nothing is backed up by itself">
          <p>
            A schedule backs up all VMs of the appliances that it chooses onto the one prepared USB
            drive that is plugged into each.
          </p>
        </EmptyState>
      ) : (
        schedules.map((schedule) => <Schedule key={schedule.id} schedule={schedule} />)
      )}
      {making && <ScheduleForm onClose={() => setMaking(false)} />}
    </Page>
  );
}

const HOW: Record<string, string> = {
  snapshot: "What runs goes on; snapshots are copied",
  shut_down: "What runs is shut down, and started again",
  must_be_off: "Only while all VMs are off",
};

type Open = "change" | "remove" | null;

function Schedule({ schedule }: { schedule: BackupSchedule }) {
  const role = useRoleReason("operator");
  const [open, setOpen] = useState<Open>(null);
  const { id, plan, paused } = schedule;
  const pause = async () => {
    try {
      await changeSchedule(id, { paused: !paused });
      tell(paused ? `${plan.name} goes on` : `${plan.name} is paused`);
    } catch (error) {
      tellProblem(error);
    }
    await queries.invalidateQueries({ queryKey: ["backup-schedules"] });
  };
  return (
    <Card
      title={plan.name}
      aside={
        <>
          {paused && <span className="muted">Paused</span>}
          <Button small disabledReason={role} onClick={() => void pause()}>
            {paused ? "Go on" : "Pause"}
          </Button>
          <Button small disabledReason={role} onClick={() => setOpen("change")}>
            Change
          </Button>
          <Button small look="danger" disabledReason={role} onClick={() => setOpen("remove")}>
            Remove
          </Button>
        </>
      }
    >
      {schedule.trouble && <p role="alert">Nothing is asked: {schedule.trouble}.</p>}
      <Facts
        rows={[
          ["Appliances", <Chosen key="chosen" schedule={schedule} />],
          ["When", whenInWords(plan.when)],
          [
            "Next",
            paused ? (
              "nothing while it is paused"
            ) : (
              <NextTimesList key="next" next={schedule.next} />
            ),
          ],
          ["VMs that run", HOW[plan.how ?? "snapshot"] ?? plan.how],
          ["Keeps", keepInWords(plan.keep)],
          ["Makes", makeupInWords(plan)],
          [
            "Written",
            <span key="written">
              by {schedule.created_by.email}, <Time at={schedule.created_at} />
            </span>,
          ],
        ]}
      />
      <ScheduleRuns schedule={schedule} />
      {open === "change" && <ScheduleForm schedule={schedule} onClose={() => setOpen(null)} />}
      {open === "remove" && <RemoveSchedule schedule={schedule} onClose={() => setOpen(null)} />}
    </Card>
  );
}

function Chosen({ schedule: { plan, appliances } }: { schedule: BackupSchedule }) {
  const now = count(appliances, "appliance");
  if (plan.appliances) return <>{now}, named one by one</>;
  if (!plan.filter) return <>all that there are, now {now}</>;
  return (
    <>
      <code>{plan.filter}</code>, now {now}
    </>
  );
}
