import { lazy, Suspense, useState } from "react";

import {
  cancelMigration,
  downloadPermit,
  loseAppliance,
  rollBackMigration,
  stayMigrated,
  type Migration,
} from "../../api/migrations";
import { useRoleReason } from "../../live/operations";
import { Button } from "../../ui/Button";
import { DownloadIcon } from "../../ui/icons";
import { tell, tellProblem } from "../../ui/toasts";
import { noteMigration } from "./note";

const Decide = lazy(() => import("./Decide"));

/** What can be done about a migration as a whole. */
export function MigrationActions({ migration }: { migration: Migration }) {
  const { id, appliance, may, ended_at, is_past_the_point, permit, way_back } = migration;
  const role = useRoleReason("operator");
  const [open, setOpen] = useState<"cancel" | "rollback" | "stay" | "lose" | null>(null);
  const [defer, setDefer] = useState(false);
  const close = () => setOpen(null);
  const giveUp = may.cancel || may.defer;
  const early = ended_at
    ? "It is over."
    : is_past_the_point
      ? "The point of no return is behind: roll back instead."
      : "It is being given up already.";
  const late = ended_at
    ? "It is over."
    : is_past_the_point
      ? "It cannot go back now."
      : "The system disk is untouched: cancel instead.";
  return (
    <>
      {may.permit_file && (
        <>
          {permit && (
            <Button onClick={() => void save(id, false)}>
              <DownloadIcon /> Permit
            </Button>
          )}
          {way_back && (
            <Button onClick={() => void save(id, true)}>
              <DownloadIcon /> Permit for the way back
            </Button>
          )}
        </>
      )}
      {(may.stay || way_back) && (
        <Button
          disabledReason={role ?? (may.stay ? null : "Nobody wants to go back now.")}
          onClick={() => setOpen("stay")}
        >
          Stay
        </Button>
      )}
      {may.lose && (
        <Button disabledReason={role} onClick={() => setOpen("lose")}>
          Not expected back
        </Button>
      )}
      <Button
        disabledReason={role ?? (giveUp ? null : early)}
        onClick={() => {
          setDefer(!may.cancel);
          setOpen("cancel");
        }}
      >
        Cancel
      </Button>
      <Button
        look="danger"
        disabledReason={role ?? (may.roll_back ? null : late)}
        onClick={() => setOpen("rollback")}
      >
        Roll back
      </Button>
      <Suspense>
        {open === "cancel" && (
          <Decide
            title="Cancel the migration"
            action={defer ? "Defer it" : "Cancel it"}
            why
            effect={
              <p>
                The system disk of <strong>{appliance.name}</strong> is untouched. What was shut
                down is started again, and runs as before.
              </p>
            }
            {...(may.cancel && may.defer
              ? {
                  option: {
                    label: "Only for now",
                    hint: "It ends as deferred: it is still wanted, at another time.",
                    checked: defer,
                    onChange: setDefer,
                  },
                }
              : {})}
            onClose={close}
            onDecide={async (reason) => {
              noteMigration(await cancelMigration(id, reason, defer));
              tell(`${appliance.name} is given back as it was`);
            }}
          />
        )}
        {open === "rollback" && (
          <Decide
            title="Roll back to 1.x"
            action="Roll back"
            why
            phrase={appliance.name}
            effect={
              <p>
                1.x is put back, and the VMs from the set on the drive.{" "}
                <strong>Whatever the VMs have written since the set was made is lost.</strong> A
                person on site has to restart <strong>{appliance.name}</strong> from the recovery
                stick once more.
              </p>
            }
            onClose={close}
            onDecide={async (reason) => {
              noteMigration(await rollBackMigration(id, reason));
              tell(`${appliance.name} is to go back to 1.x`);
            }}
          />
        )}
        {open === "lose" && (
          <Decide
            title="The appliance is not expected back"
            action="It is lost"
            why
            effect={
              <p>
                The migration is over, and <strong>{appliance.name}</strong> can be given another
                one. Keep the backup drive safe: another appliance can be given the VMs on it.
                Should this one be heard of after all, the migration goes on.
              </p>
            }
            onClose={close}
            onDecide={async (reason) => {
              noteMigration(await loseAppliance(id, reason));
              tell(`${appliance.name} is not expected back`);
            }}
          />
        )}
        {open === "stay" && (
          <Decide
            title="Stay on 2.x"
            action="Stay"
            effect={
              <p>
                The way back is withdrawn, and <strong>{appliance.name}</strong> stays where it is.
              </p>
            }
            onClose={close}
            onDecide={async () => {
              noteMigration(await stayMigrated(id));
              tell(`${appliance.name} stays on 2.x`);
            }}
          />
        )}
      </Suspense>
    </>
  );
}

async function save(id: string, wayBack: boolean): Promise<void> {
  try {
    await downloadPermit(id, wayBack);
  } catch (error) {
    tellProblem(error);
  }
}
