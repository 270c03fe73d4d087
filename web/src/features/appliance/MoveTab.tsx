import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { lazy, Suspense, useState } from "react";

import { migrationsOf } from "../../api/migrations";
import { lastPreflights, reportOf } from "../../api/preflight";
import { useActiveOn, useOperation } from "../../live/operations";
import type { Operation } from "../../api/types";
import { Button } from "../../ui/Button";
import { EmptyState, Loading } from "../../ui/EmptyState";
import { Card } from "../../ui/Page";
import { PreflightFacts } from "../../ui/PreflightFacts";
import { ProblemNote } from "../../ui/ProblemNote";
import { OperationProgress } from "../../ui/ProgressBar";
import { isOver, OperationStateBadge } from "../../ui/states";
import { Time } from "../../ui/Time";
import styles from "./AppliancePage.module.css";
import { heldReason } from "./locks";
import { startReason } from "./move";
import { useAppliance, useAskReason } from "./useAppliance";

const PreflightForm = lazy(() => import("./PreflightForm"));
const StartMigration = lazy(() => import("./StartMigration"));

/** What stands in the way of the next line of releases, and the way there. */
export function MoveTab() {
  const appliance = useAppliance();
  const { id, name } = appliance;
  const active = useActiveOn(id);
  const found = useQuery(lastPreflights(id));
  const moves = useQuery(migrationsOf({ id, name }));
  const looking = useAskReason(appliance, "nothing") ?? heldReason("usb", active);
  const changing = useAskReason(appliance);
  const [open, setOpen] = useState<"preflight" | "start" | null>(null);
  if (found.error && !found.data) {
    return (
      <ProblemNote
        problem={found.error}
        action={<Button onClick={() => void found.refetch()}>Try again</Button>}
      />
    );
  }
  if (!found.data) return <Loading what="the preflight" />;
  const { last, succeeded } = found.data;
  const report = succeeded ? reportOf(succeeded.result) : null;
  const migrations = moves.data ?? [];
  const running = migrations.find(({ ended_at }) => !ended_at);
  return (
    <>
      {migrations.length > 0 && (
        <Card title="Migrations of it">
          <ul className={styles.standing}>
            {migrations.map((migration) => (
              <li key={migration.id} className="line">
                <Link to="/migrations/$id" params={{ id: migration.id }}>
                  {migration.ended_at ? "Ended" : "Under way"}:{" "}
                  {migration.phase.replaceAll("_", " ")}
                </Link>
                <span className="muted">
                  begun <Time at={migration.started_at} />
                </span>
              </li>
            ))}
          </ul>
        </Card>
      )}
      <Card
        title="Move to 2.x"
        aside={
          <>
            <Button disabledReason={looking} onClick={() => setOpen("preflight")}>
              Run the preflight…
            </Button>
            <Button
              look="primary"
              disabledReason={changing ?? startReason(report, running !== undefined)}
              onClick={() => setOpen("start")}
            >
              Start the migration…
            </Button>
          </>
        }
      >
        {last && last.id !== succeeded?.id && <Asked seen={last} />}
        {report && succeeded ? (
          <>
            <p className={styles.padded}>
              As the{" "}
              <Link to="/operations/$id" params={{ id: succeeded.id }}>
                preflight
              </Link>{" "}
              found it <Time at={succeeded.ended_at} full />
            </p>
            <PreflightFacts report={report} />
          </>
        ) : (
          <EmptyState title="No preflight was run yet">
            <p>
              It changes nothing, and tells what stands in the way before anybody drives to the
              site.
            </p>
          </EmptyState>
        )}
      </Card>
      <Suspense>
        {open === "preflight" && (
          <PreflightForm appliance={appliance} report={report} onClose={() => setOpen(null)} />
        )}
        {open === "start" && report && succeeded && (
          <StartMigration
            appliance={appliance}
            preflight={succeeded.id}
            report={report}
            onClose={() => setOpen(null)}
          />
        )}
      </Suspense>
    </>
  );
}

/** A preflight that is under way, or did not come to its end. */
function Asked({ seen }: { seen: Operation }) {
  const operation = useOperation(seen);
  const { id, state, reason, progress } = operation;
  return (
    <div className={styles.standing}>
      <span className="line">
        <OperationStateBadge state={state} />
        <Link to="/operations/$id" params={{ id }}>
          the last preflight
        </Link>
        {reason && <span>{reason.message}</span>}
      </span>
      {progress && !isOver(state) && <OperationProgress progress={progress} />}
    </div>
  );
}
