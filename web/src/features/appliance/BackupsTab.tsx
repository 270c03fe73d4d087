import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { lazy, Suspense, useState } from "react";

import { driveTitle, oursId } from "../../api/backups";
import {
  applianceVms,
  applianceVolumes,
  backupSetsOf,
  lastBackupOperation,
  requestOperation,
  usbDrives,
} from "../../api/queries";
import type { BackupSet, UsbDrive, Vm } from "../../api/types";
import { ask, useActiveOn } from "../../live/operations";
import { Button } from "../../ui/Button";
import { EmptyState, Loading } from "../../ui/EmptyState";
import { count, formatBytes, operationTitle } from "../../ui/format";
import { WarningIcon } from "../../ui/icons";
import { Card } from "../../ui/Page";
import { ProblemNote } from "../../ui/ProblemNote";
import { SetCondition, SetVms } from "../../ui/SetFacts";
import { SetKeyButton } from "../../ui/SetKeyButton";
import { isOver, OperationStateBadge } from "../../ui/states";
import { Table, type TableColumn } from "../../ui/Table";
import { Time } from "../../ui/Time";
import styles from "./AppliancePage.module.css";
import { driveReason, runsReason } from "./drives";
import { DrivesCard } from "./DrivesCard";
import { heldReason } from "./locks";
import { useAppliance, useAskReason } from "./useAppliance";

const RestoreVm = lazy(() => import("./RestoreVm"));

export function BackupsTab() {
  const appliance = useAppliance();
  const plugged = useQuery(usbDrives(appliance.id));
  const sets = useQuery(backupSetsOf(appliance.id));
  const inventory = useQuery(applianceVms(appliance.id));
  const error = (!plugged.data && plugged.error) || (!sets.data && sets.error);
  if (error) {
    const again = () => {
      void plugged.refetch();
      void sets.refetch();
    };
    return <ProblemNote problem={error} action={<Button onClick={again}>Try again</Button>} />;
  }
  if (!plugged.data || !sets.data) return <Loading what="drives and backup sets" />;
  return (
    <>
      <DrivesCard
        appliance={appliance}
        drives={plugged.data.drives}
        at={plugged.data.at ?? null}
        sets={sets.data.sets}
        vms={inventory.data?.vms ?? []}
      />
      <SetsCard
        sets={sets.data.sets}
        total={sets.data.total}
        drives={plugged.data.drives}
        vms={inventory.data?.vms ?? []}
      />
    </>
  );
}

interface SetsCardProps {
  sets: readonly BackupSet[];
  total: number;
  drives: readonly UsbDrive[];
  vms: readonly Vm[];
}

function SetsCard({ sets, total, drives, vms }: SetsCardProps) {
  const appliance = useAppliance();
  const storage = useQuery(applianceVolumes(appliance.id));
  const active = useActiveOn(appliance.id);
  const changing = useAskReason(appliance);
  const reading = useAskReason(appliance, "nothing");
  const held = heldReason("usb", active);
  const [restoring, setRestoring] = useState<BackupSet | null>(null);
  const reasonOf = (set: BackupSet) => changing ?? driveReason(set.drive, drives) ?? held;
  const columns: readonly TableColumn<BackupSet>[] = [
    { key: "state", title: "State", cell: (set) => <SetCondition set={set} /> },
    { key: "vms", title: "VMs", cell: ({ vms }) => <SetVms vms={vms} /> },
    { key: "begun", title: "Begun", cell: ({ created_at }) => <Time at={created_at} /> },
    { key: "drive", title: "Drive", cell: ({ drive }) => <OnDrive id={drive} drives={drives} /> },
    {
      key: "size",
      title: "On the drive",
      number: true,
      cell: ({ stored_bytes }) => formatBytes(stored_bytes ?? 0),
    },
    { key: "told", title: "As told", cell: ({ told_at }) => <Time at={told_at} /> },
    {
      key: "actions",
      title: "Actions",
      silent: true,
      cell: (set) => (
        <SetActions
          set={set}
          reason={set.gone_at ? "It is not on the drive any more." : reasonOf(set)}
          onVerify={() => {
            const { drive, set: id } = set;
            const operation = { kind: "backup_verify", drive, set: id } as const;
            void ask(requestOperation(appliance.id, operation), "one set");
          }}
          compareReason={reading ?? driveReason(set.drive, drives) ?? held ?? runsReason(set, vms)}
          onCompare={() => {
            const { drive, set: id } = set;
            const operation = { kind: "backup_compare", drive, set: id } as const;
            void ask(requestOperation(appliance.id, operation), "one set");
          }}
          onRestore={() => setRestoring(set)}
        />
      ),
    },
  ];
  return (
    <Card
      title="Backup sets"
      aside={
        <span className="muted">
          {sets.length < total ? `the newest ${sets.length} of ` : ""}
          {count(total, "set")}
        </span>
      }
    >
      <LastFailed appliance={appliance.id} />
      {sets.length === 0 ? (
        <EmptyState title="No backup of this appliance is known">
          <p>Plug a USB drive in, prepare it, and back up now. A drive with sets: list its sets.</p>
        </EmptyState>
      ) : (
        <Table
          label="Backup sets"
          columns={columns}
          rows={sets}
          rowKey={({ drive, set }) => `${drive} ${set}`}
        />
      )}
      {restoring && (
        <Suspense>
          <RestoreVm
            appliance={appliance}
            set={restoring}
            groups={storage.data?.volume_groups ?? []}
            onClose={() => setRestoring(null)}
          />
        </Suspense>
      )}
    </Card>
  );
}

/** What was asked last came to nothing: whoever waits for a backup has to see it here. */
function LastFailed({ appliance }: { appliance: string }) {
  const { data: last } = useQuery(lastBackupOperation(appliance));
  if (!last || !isOver(last.state) || last.state === "succeeded") return null;
  return (
    <p className={styles.note}>
      <WarningIcon />
      <span>
        What was asked last came to nothing:{" "}
        <Link to="/operations/$id" params={{ id: last.id }}>
          {operationTitle(last.kind)}
        </Link>{" "}
        <OperationStateBadge state={last.state} bare /> <Time at={last.ended_at} />
        {last.reason && `: ${last.reason.message}`}
      </span>
    </p>
  );
}

function OnDrive({ id, drives }: { id: string; drives: readonly UsbDrive[] }) {
  const drive = drives.find((candidate) => oursId(candidate) === id);
  if (!drive) {
    return (
      <span title={id}>
        {id.slice(-8)} <span className="muted">not plugged in</span>
      </span>
    );
  }
  return (
    <span title={id}>
      {driveTitle(drive)} <span className="muted">{drive.hardware.serial}</span>
    </span>
  );
}

interface SetActionsProps {
  set: BackupSet;
  reason: string | null;
  compareReason: string | null;
  onVerify: () => void;
  onCompare: () => void;
  onRestore: () => void;
}

function SetActions(props: SetActionsProps) {
  const { set, reason, compareReason, onVerify, onCompare, onRestore } = props;
  const what = set.vms.map(({ name }) => name).join(", ");
  const gone = set.gone_at ? reason : null;
  const unfinished = set.sealed_at ? null : "It is not finished: back up again.";
  return (
    <div className={styles.actions}>
      <Button small aria-label={`Verify ${what}`} disabledReason={reason} onClick={onVerify}>
        Verify
      </Button>
      <Button
        small
        aria-label={`Compare ${what}`}
        disabledReason={gone ?? unfinished ?? compareReason}
        onClick={onCompare}
      >
        Compare
      </Button>
      <Button
        small
        aria-label={`Restore ${what}`}
        disabledReason={reason ?? unfinished}
        onClick={onRestore}
      >
        Restore…
      </Button>
      <SetKeyButton set={set} />
    </div>
  );
}
