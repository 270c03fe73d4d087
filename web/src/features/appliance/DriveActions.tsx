import { lazy, Suspense } from "react";

import { driveTitle, oursId } from "../../api/backups";
import type { UsbDrive } from "../../api/types";
import { Button } from "../../ui/Button";
import styles from "./AppliancePage.module.css";

const DriveMenu = lazy(() => import("./DriveMenu"));

/** What is chosen in a dialog first. */
export type DriveDialog = "qualify" | "prepare" | "back_up" | "prune" | "import";

/** What is asked as soon as it is chosen. */
export type DriveRequest = "backup_list" | "backup_verify";

/** Why each thing cannot be asked for now; nothing where it can. */
export interface DriveReasons {
  /** Of what writes to the drive as a whole. */
  readonly touch: string | null;
  /** Of looking which backups are on it. */
  readonly list: string | null;
  /** Of writing to its backups. */
  readonly backUp: string | null;
}

export interface DriveActionsProps {
  drive: UsbDrive;
  /** What it is called on this page: two drives may look alike. */
  name: string;
  reasons: DriveReasons;
  onRequest: (kind: DriveRequest) => void;
  onOpen: (dialog: DriveDialog) => void;
}

export function DriveActions(props: DriveActionsProps) {
  const { drive, name, reasons, onOpen } = props;
  return (
    <div className={styles.actions}>
      {oursId(drive) === null ? (
        <Button
          small
          aria-label={`Prepare ${name}`}
          disabledReason={reasons.touch}
          onClick={() => onOpen("prepare")}
        >
          Prepare…
        </Button>
      ) : (
        <Button
          small
          look="primary"
          aria-label={`Back up to ${name}`}
          disabledReason={reasons.backUp}
          onClick={() => onOpen("back_up")}
        >
          Back up…
        </Button>
      )}
      <Suspense fallback={<span style={{ width: 28 }} />}>
        <DriveMenu {...props} />
      </Suspense>
    </div>
  );
}

/** A name for buttons that no other drive of the page has. */
export function driveLabel(drive: UsbDrive): string {
  return `${driveTitle(drive)} ${drive.hardware.serial ?? drive.path}`;
}
