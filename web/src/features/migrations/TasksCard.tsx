import type { Migration } from "../../api/migrations";
import { Button } from "../../ui/Button";
import { EmptyState } from "../../ui/EmptyState";
import { Card, Facts } from "../../ui/Page";
import { Time } from "../../ui/Time";
import styles from "./Migrations.module.css";
import { Steps } from "./Steps";

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
        <Steps tasks={tasks} />
      )}
    </Card>
  );
}
