import { setState } from "../api/backups";
import type { BackupSet, SetSummary, SetVm } from "../api/types";
import { CopyId } from "./CopyId";
import { count, formatBytes } from "./format";
import styles from "./Results.module.css";
import { SetStateBadge } from "./states";
import { Time } from "./Time";

type Told = SetSummary & Partial<Pick<BackupSet, "gone_at">>;

/** Whether a set is a backup, and since when; or why it is none. */
export function SetCondition({ set }: { set: Told }) {
  const state = setState(set);
  const troubles = set.troubles ?? [];
  return (
    <div className={styles.vms}>
      <span className="line">
        <SetStateBadge state={state} bare />
        {state === "verified" && <Time at={set.verified_at} />}
        {set.is_protected && <span className="muted">with parity against bad sectors</span>}
        {state === "unverified" && <span className="muted">not a backup until it is verified</span>}
        {state === "unfinished" && <span className="muted">not a backup: back up again</span>}
      </span>
      {set.key && (
        <span className="muted">
          encrypted, <CopyId id={set.key.id} what="id of the key" />
        </span>
      )}
      {troubles.length > 0 && (
        <ul className={`${styles.reasons} ${styles.trouble}`}>
          {troubles.map((trouble) => (
            <li key={trouble}>{trouble}</li>
          ))}
        </ul>
      )}
    </div>
  );
}

/** What is in a set, or is to be. */
export function SetVms({ vms }: { vms: readonly SetVm[] }) {
  return (
    <ul className={styles.vms}>
      {vms.map((vm) => (
        <li key={vm.uuid}>
          {vm.name}{" "}
          <span className="muted">
            {count(vm.disks.length, "disk")},{" "}
            {formatBytes(vm.disks.reduce((sum, disk) => sum + disk.virtual_bytes, 0))}
          </span>
          {(vm.left_out ?? []).map((disk) => (
            <div key={disk} className={styles.trouble}>
              left out: {disk}
            </div>
          ))}
        </li>
      ))}
    </ul>
  );
}
