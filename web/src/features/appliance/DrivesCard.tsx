import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { lazy, Suspense, useState } from "react";

import { consentOf, driveAt, oursId, setState } from "../../api/backups";
import { driveQualifications, requestOperation } from "../../api/queries";
import type { ApplianceDetail, BackupSet, Operation, UsbDrive, Vm } from "../../api/types";
import { ask, asked, useActiveOn } from "../../live/operations";
import { Button } from "../../ui/Button";
import { ConfirmByTyping } from "../../ui/ConfirmByTyping";
import { DriveName, DriveUse, Fitness } from "../../ui/DriveFacts";
import { EmptyState } from "../../ui/EmptyState";
import { count, formatBytes } from "../../ui/format";
import { WarningIcon } from "../../ui/icons";
import { Card } from "../../ui/Page";
import { Table, type TableColumn } from "../../ui/Table";
import { Time } from "../../ui/Time";
import styles from "./AppliancePage.module.css";
import { DriveActions, driveLabel, type DriveDialog } from "./DriveActions";
import {
  driveReason,
  isAbout,
  lastQualification,
  touchReason,
  type LastQualification,
} from "./drives";
import { heldReason } from "./locks";
import { Unfit } from "./Unfit";
import { useAskReason } from "./useAppliance";
import { Working } from "./Working";

const QualifyDrive = lazy(() => import("./QualifyDrive"));
const BackUp = lazy(() => import("./BackUp"));
const PruneDrive = lazy(() => import("./PruneDrive"));
const ImportBackup = lazy(() => import("./ImportBackup"));

interface DrivesCardProps {
  appliance: ApplianceDetail;
  drives: readonly UsbDrive[];
  /** When they were told of. */
  at: string | null;
  sets: readonly BackupSet[];
  vms: readonly Vm[];
}

interface Open {
  readonly what: DriveDialog;
  readonly drive: UsbDrive;
}

/** The USB drives of an appliance: what they may be used for, and what they are worth. */
export function DrivesCard({ appliance, drives, at, sets, vms }: DrivesCardProps) {
  const { data: done } = useQuery(driveQualifications(appliance.id));
  const tried = done?.operations ?? [];
  const active = useActiveOn(appliance.id);
  const changing = useAskReason(appliance);
  const reading = useAskReason(appliance, "nothing");
  const held = heldReason("usb", active);
  const [open, setOpen] = useState<Open | null>(null);
  const reasonsOf = (drive: UsbDrive) => {
    const id = oursId(drive);
    const there = id === null ? null : driveReason(id, drives);
    return {
      touch: changing ?? touchReason(drive) ?? held,
      list: reading ?? there ?? held,
      backUp: changing ?? there ?? held,
    };
  };
  const columns: readonly TableColumn<UsbDrive>[] = [
    { key: "drive", title: "Drive", cell: (drive) => <DriveName drive={drive} /> },
    { key: "use", title: "Use", cell: (drive) => <DriveUse drive={drive} /> },
    {
      key: "size",
      title: "Says it holds",
      number: true,
      cell: (drive) => formatBytes(drive.size_bytes),
    },
    {
      key: "worth",
      title: "Qualification and work",
      cell: (drive) => (
        <Worth
          drive={drive}
          done={tried}
          active={active.filter(({ operation }) => isAbout(operation, drive))}
        />
      ),
    },
    {
      key: "actions",
      title: "Actions",
      silent: true,
      cell: (drive) => (
        <DriveActions
          drive={drive}
          name={driveLabel(drive)}
          reasons={reasonsOf(drive)}
          onRequest={(kind) => {
            const id = oursId(drive);
            if (id === null) return;
            void ask(requestOperation(appliance.id, { kind, drive: id }), driveLabel(drive));
          }}
          onOpen={(what) => setOpen({ what, drive })}
        />
      ),
    },
  ];
  return (
    <Card
      title="USB drives"
      aside={
        <>
          {at && (
            <span className="muted">
              as reported <Time at={at} />
            </span>
          )}
          <Button
            small
            disabledReason={reading}
            onClick={() =>
              void ask(requestOperation(appliance.id, { kind: "usb_list" }), appliance.name)
            }
          >
            Look again
          </Button>
        </>
      }
    >
      <p className={styles.note}>
        <WarningIcon />
        <span>
          Backup drives are not encrypted. Whoever holds one holds all of the customer’s data that
          is on it: keep it where you would keep the appliance itself.
        </span>
      </p>
      {drives.length === 0 ? (
        <EmptyState title="No USB drive is plugged in">
          <p>Plug one in: the appliance tells of it by itself, or at once with “Look again”.</p>
        </EmptyState>
      ) : (
        <Table label="USB drives" columns={columns} rows={drives} rowKey={({ path }) => path} />
      )}
      <Suspense>
        {open?.what === "qualify" && (
          <QualifyDrive appliance={appliance.id} drive={open.drive} onClose={() => setOpen(null)} />
        )}
        {open?.what === "back_up" && (
          <BackUp
            appliance={appliance.id}
            drive={open.drive}
            vms={vms}
            last={lastQualification(open.drive, tried)}
            onClose={() => setOpen(null)}
          />
        )}
        {open?.what === "prune" && (
          <PruneDrive
            appliance={appliance.id}
            drive={open.drive}
            changing={changing}
            onClose={() => setOpen(null)}
          />
        )}
        {open?.what === "import" && (
          <ImportBackup
            appliance={appliance.id}
            drive={open.drive}
            last={lastQualification(open.drive, tried)}
            onClose={() => setOpen(null)}
          />
        )}
      </Suspense>
      {open?.what === "prepare" && (
        <Prepare
          appliance={appliance}
          drive={open.drive}
          last={lastQualification(open.drive, tried)}
          sets={sets.filter((set) => set.drive === oursId(open.drive) && setState(set) !== "gone")}
          onClose={() => setOpen(null)}
        />
      )}
    </Card>
  );
}

interface WorthProps {
  drive: UsbDrive;
  done: readonly Operation[];
  active: readonly Operation[];
}

function Worth({ drive, done, active }: WorthProps) {
  const last = lastQualification(drive, done);
  return (
    <div className={styles.condition}>
      {active.map((operation) => (
        <Working key={operation.id} seen={operation} />
      ))}
      {last ? (
        <span className="line">
          <Fitness qualification={last.qualification} />
          <Link to="/operations/$id" params={{ id: last.operation }} className={styles.small}>
            <Time at={last.at} />
          </Link>
        </span>
      ) : (
        <span className="muted">never qualified here</span>
      )}
    </div>
  );
}

interface PrepareProps {
  appliance: ApplianceDetail;
  drive: UsbDrive;
  last: LastQualification | null;
  /** What is on it of ours, and would be lost. */
  sets: readonly BackupSet[];
  onClose: () => void;
}

function Prepare({ appliance, drive, last, sets, onClose }: PrepareProps) {
  return (
    <ConfirmByTyping
      title="Prepare the drive for backups"
      effect={
        <div className="stack">
          <Unfit last={last} />
          <p>
            <DriveName drive={drive} /> ({formatBytes(drive.size_bytes)}) on {appliance.name} gets
            one partition with ext4. All that is on it is lost
            {sets.length > 0 && (
              <>
                , <strong>{count(sets.length, "backup set")}</strong> among it
              </>
            )}
            .
          </p>
          <DriveUse drive={drive} />
          <p>It is not encrypted: whoever holds it later holds all of the customer’s data on it.</p>
        </div>
      }
      phrase={consentOf(drive)}
      action="Prepare"
      onClose={onClose}
      onConfirm={async (confirm) => {
        const operation = { kind: "usb_prepare", drive: driveAt(drive) } as const;
        await asked(requestOperation(appliance.id, operation, confirm), driveLabel(drive));
      }}
    />
  );
}
