import type { Migration, Task } from "../../api/migrations";
import { Badge, type Shape, type Tone } from "../../ui/Badge";
import { Button } from "../../ui/Button";
import { EmptyState } from "../../ui/EmptyState";
import { Card, Facts } from "../../ui/Page";
import { Time } from "../../ui/Time";
import styles from "./Migrations.module.css";

const STATES: Record<Task["state"], readonly [Tone, Shape, string]> = {
  done: ["good", "disc", "Done"],
  now: ["warn", "triangle", "Now"],
  later: ["quiet", "ring", "Later"],
};

/** The numbered steps of people, also on paper: dom0 is down meanwhile. */
export function TasksCard({ migration }: { migration: Migration }) {
  const { tasks, appliance, id, permit, drive } = migration;
  return (
    <Card
      title="What people do"
      aside={
        <span className={styles.screen}>
          <Button small onClick={() => window.print()}>
            Print
          </Button>
        </span>
      }
    >
      <div className={styles.paper}>
        <Facts
          rows={[
            ["Appliance", appliance.name],
            ["Migration", <code key="id">{id}</code>],
            ["Backup drive", <code key="drive">{drive}</code>],
            ...(permit
              ? [
                  ["Permit", <code key="permit">{permit.id}</code>] as const,
                  ["Good until", <Time key="until" at={permit.not_after} full />] as const,
                ]
              : []),
          ]}
        />
      </div>
      {tasks.length === 0 ? (
        <EmptyState title="Nothing is to be done by people" />
      ) : (
        <ol>
          {tasks.map((task) => (
            <Line key={task.number} task={task} />
          ))}
        </ol>
      )}
    </Card>
  );
}

function Line({ task: { number, text, state, who } }: { task: Task }) {
  const [tone, shape, word] = STATES[state] ?? STATES.later;
  return (
    <li
      className={styles.task}
      data-state={state}
      aria-current={state === "now" ? "step" : undefined}
    >
      <strong className="number">{number}.</strong>
      <div>
        <p>{text}</p>
        <p className="muted">{who === "on_site" ? "the person on site" : "an operator"}</p>
      </div>
      <Badge tone={tone} shape={shape} bare>
        {word}
      </Badge>
    </li>
  );
}
