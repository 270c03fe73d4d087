import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { asProblem, type Problem } from "../../api/problem";
import {
  changeSchedule,
  createSchedule,
  DAYS,
  dayName,
  schedulePreview,
  type Day,
} from "../../api/schedules";
import type { BackupSchedule, SchedulePlan } from "../../api/types";
import { queries } from "../../live/live";
import { Button } from "../../ui/Button";
import { Dialog, DialogButtons } from "../../ui/Dialog";
import {
  CheckField,
  ChoiceField,
  FieldGroup,
  FieldRow,
  NameField,
  TextField,
} from "../../ui/Field";
import { count } from "../../ui/format";
import { ProblemNote } from "../../ui/ProblemNote";
import { SetOptions } from "../../ui/SetOptions";
import { tell } from "../../ui/toasts";
import { NextTimesList } from "./NextTimesList";
import { planOf, typedOf, type Typed } from "./plan";
import styles from "./Schedules.module.css";

interface ScheduleFormProps {
  /** The one that is changed; a new one where there is none. */
  schedule?: BackupSchedule;
  onClose: () => void;
}

const HOW: ReadonlyArray<readonly [Typed["how"], string, string]> = [
  [
    "snapshot",
    "Leave it running, and copy snapshots of its disks",
    "Needs logical volumes. What is restored is as after a loss of power.",
  ],
  ["shut_down", "Shut it down", "It is started again afterwards, whatever comes of the backup."],
  ["must_be_off", "Back nothing up while it runs", ""],
];

/** A schedule, new or changed. What it chooses and when is shown before it is saved. */
export function ScheduleForm({ schedule, onClose }: ScheduleFormProps) {
  const [typed, setTyped] = useState<Typed>(() => typedOf(schedule?.plan));
  const [problem, setProblem] = useState<Problem | null>(null);
  const [busy, setBusy] = useState(false);
  const plan = planOf(typed, schedule?.plan);
  const change = (changed: Partial<Typed>) => setTyped({ ...typed, ...changed });
  const field = (name: "name" | "at" | "spread" | "last" | "daily" | "weekly" | "monthly") => ({
    value: typed[name],
    onChange: (event: { target: { value: string } }) => change({ [name]: event.target.value }),
  });
  const save = async () => {
    if (!plan || busy) return;
    setBusy(true);
    setProblem(null);
    try {
      if (schedule) await changeSchedule(schedule.id, { plan });
      else await createSchedule(plan);
      tell(schedule ? `${plan.name} is changed` : `${plan.name} is made`);
      onClose();
      await queries.invalidateQueries({ queryKey: ["backup-schedules"] });
    } catch (error) {
      setProblem(asProblem(error));
      setBusy(false);
    }
  };
  return (
    <Dialog
      title={schedule ? `Change ${schedule.plan.name}` : "New schedule"}
      onClose={onClose}
      wide
    >
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          void save();
        }}
      >
        <NameField label="Name" error={problem?.fields?.name} {...field("name")} />
        {schedule?.plan.appliances ? (
          <p>It is for {count(schedule.plan.appliances.length, "appliance")}, named one by one.</p>
        ) : (
          <NameField
            label="Appliances"
            hint="A filter as on the page of appliances, such as site=Vienna; all where it is empty. It is evaluated anew each time."
            error={problem?.fields?.filter}
            value={typed.filter}
            onChange={(event) => change({ filter: event.target.value })}
          />
        )}
        <FieldRow>
          <TextField
            label="Time"
            type="time"
            hint="By the clock of each appliance’s site."
            {...field("at")}
          />
          <TextField
            label="Spread, in minutes"
            type="number"
            min={0}
            max={720}
            hint="Each begins up to so much later, so that not all do at once."
            error={problem?.fields?.when}
            {...field("spread")}
          />
        </FieldRow>
        <FieldGroup title="Days: every day where none is chosen">
          <div className={styles.days}>
            {DAYS.map((day) => (
              <CheckField
                key={day}
                label={dayName(day)}
                checked={typed.days.includes(day)}
                onChange={(event) =>
                  change({ days: changedDays(typed, day, event.target.checked) })
                }
              />
            ))}
          </div>
        </FieldGroup>
        <ChoiceField<Typed["how"]>
          label="What becomes of VMs that run"
          value={typed.how}
          choices={HOW}
          onChange={(how) => change({ how })}
        />
        <FieldGroup title="Sets of a drive that are kept, once the new one is verified: all where nothing is said">
          <FieldRow>
            <TextField label="Newest" type="number" min={0} {...field("last")} />
            <TextField label="Daily" type="number" min={0} {...field("daily")} />
            <TextField label="Weekly" type="number" min={0} {...field("weekly")} />
            <TextField label="Monthly" type="number" min={0} {...field("monthly")} />
          </FieldRow>
        </FieldGroup>
        <SetOptions value={typed} onChange={setTyped} />
        {plan && <Preview plan={plan} />}
        {problem && <ProblemNote problem={problem} />}
        <DialogButtons>
          <Button onClick={onClose}>Cancel</Button>
          <Button
            type="submit"
            look="primary"
            busy={busy}
            disabledReason={plan ? null : "Give it a name and a time first"}
          >
            {schedule ? "Save" : "Make it"}
          </Button>
        </DialogButtons>
      </form>
    </Dialog>
  );
}

function changedDays({ days }: Typed, day: Day, chosen: boolean): readonly Day[] {
  return chosen ? [...days, day] : days.filter((other) => other !== day);
}

function Preview({ plan }: { plan: SchedulePlan }) {
  const found = useQuery(schedulePreview(plan));
  if (!found.data) {
    if (!found.error) return <p role="status">Looking what it chooses…</p>;
    return <p role="status">{asProblem(found.error).message}</p>;
  }
  const { appliances, next } = found.data;
  return (
    <section aria-label="What it would do">
      <p role="status">It chooses {count(appliances, "appliance")} now. The next times:</p>
      <NextTimesList next={next} />
    </section>
  );
}
