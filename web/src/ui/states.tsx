// How the states of things look: one table each, so that they look the same everywhere.
import type {
  ApplianceState,
  BootEnd,
  BundleState,
  OperationState,
  Presence,
  ReleaseState,
  Severity,
  VmState,
} from "../api/types";
import type { SetState } from "../api/backups";
import { Badge, type Shape, type Tone } from "./Badge";

type Look = readonly [Tone, Shape, string];

const PRESENCE: Record<Presence, Look> = {
  online: ["good", "disc", "Online"],
  stale: ["warn", "half", "Stale"],
  offline: ["bad", "cross", "Offline"],
  expected_offline: ["quiet", "ring", "Expected offline"],
};

const APPLIANCE: Record<ApplianceState, Look> = {
  pending: ["warn", "half", "Pending"],
  accepted: ["good", "disc", "Accepted"],
  rejected: ["bad", "cross", "Rejected"],
  decommissioned: ["quiet", "square", "Decommissioned"],
};

const VM: Record<VmState, Look> = {
  running: ["good", "disc", "Running"],
  paused: ["warn", "half", "Paused"],
  shutdown: ["quiet", "square", "Shut down"],
  crashed: ["bad", "cross", "Crashed"],
  dying: ["warn", "triangle", "Dying"],
  off: ["quiet", "ring", "Off"],
  unknown: ["quiet", "ring", "Unknown"],
};

const OPERATION: Record<OperationState, Look> = {
  queued: ["info", "ring", "Queued"],
  offered: ["info", "half", "Offered"],
  cancelling: ["warn", "half", "Cancelling"],
  accepted: ["info", "disc", "Accepted"],
  running: ["info", "spin", "Running"],
  lost: ["warn", "triangle", "Lost"],
  succeeded: ["good", "disc", "Succeeded"],
  failed: ["bad", "cross", "Failed"],
  rejected: ["bad", "cross", "Rejected"],
  cancelled: ["quiet", "square", "Cancelled"],
  expired: ["quiet", "square", "Expired"],
  written_off: ["quiet", "square", "Written off"],
};

/** What became of something at one of many appliances that were asked for it. */
const BULK: Record<string, Look> = {
  ...OPERATION,
  pending: ["info", "ring", "Not asked yet"],
  refused: ["bad", "cross", "Refused"],
  admitted: ["good", "ring", "Would be asked"],
};

const BOOT_END: Record<BootEnd, Look> = {
  clean: ["good", "disc", "Clean"],
  upgrade: ["info", "disc", "Upgrade"],
  panic: ["bad", "cross", "Panic"],
  watchdog: ["bad", "triangle", "Watchdog"],
  hang: ["bad", "square", "Hang"],
  power_loss: ["warn", "triangle", "Power loss"],
  provoked: ["quiet", "ring", "Provoked"],
  unknown: ["warn", "ring", "Unknown end"],
  lost: ["bad", "ring", "Never came back"],
};

const BUNDLE: Record<BundleState, Look> = {
  requested: ["info", "ring", "Requested"],
  collecting: ["info", "spin", "Collecting"],
  uploading: ["info", "spin", "Uploading"],
  received: ["info", "half", "Received"],
  complete: ["good", "disc", "Complete"],
  failed: ["bad", "cross", "Failed"],
  expired: ["quiet", "square", "Expired"],
};

const VERDICT: Record<string, Look> = {
  ok: ["good", "disc", "In order"],
  leaks: ["good", "half", "In order, wastes room"],
  unclean: ["warn", "triangle", "Not closed properly"],
  corrupt: ["bad", "cross", "Corrupt"],
  encrypted: ["bad", "square", "Encrypted"],
  missing_backing: ["bad", "ring", "What it is based on is missing"],
  uncheckable: ["quiet", "ring", "Cannot be checked"],
  unknown: ["quiet", "ring", "Unknown verdict"],
};

const SET: Record<SetState, Look> = {
  verified: ["good", "disc", "Verified"],
  damaged: ["bad", "cross", "Damaged"],
  unverified: ["warn", "triangle", "Not verified"],
  unfinished: ["warn", "half", "Not finished"],
  gone: ["quiet", "square", "Gone from the drive"],
};

const USE: Record<string, Look> = {
  ours: ["good", "disc", "Backup drive"],
  unfinished: ["warn", "half", "Not prepared to the end"],
  empty: ["info", "ring", "Empty"],
  foreign: ["warn", "triangle", "Holds other data"],
  system: ["quiet", "square", "Used by the appliance"],
  unknown: ["quiet", "ring", "Unknown use"],
};

const RELEASE: Record<ReleaseState, Look> = {
  beta: ["warn", "triangle", "Beta"],
  stable: ["good", "disc", "Stable"],
  withdrawn: ["bad", "cross", "Withdrawn"],
};

const SEVERITY: Record<Severity, Look> = {
  fatal: ["bad", "cross", "Fatal"],
  crit: ["bad", "triangle", "Critical"],
  high: ["warn", "triangle", "High"],
  warn: ["warn", "half", "Warning"],
  info: ["info", "ring", "Info"],
};

const MITIGATION: Record<string, Look> = {
  applied: ["good", "disc", "Applied"],
  not_applied: ["quiet", "ring", "Not applied"],
  pending_reboot: ["warn", "half", "In force after a reboot"],
  drifted: ["bad", "triangle", "Not in force any more"],
  not_offered: ["quiet", "square", "Not for this release"],
  built_in: ["good", "square", "Part of the release"],
  refused: ["warn", "cross", "Cannot be changed as things are"],
  unknown: ["quiet", "ring", "Unknown"],
};

// A newer server may name a state that this page does not know; it is shown as it is.
function badge<K extends string>(looks: Record<K, Look>, state: K, bare?: boolean) {
  const look: Look = looks[state] ?? ["quiet", "ring", state];
  const [tone, shape, word] = look;
  return (
    <Badge tone={tone} shape={shape} bare={bare ?? false}>
      {word}
    </Badge>
  );
}

interface StateProps<K> {
  state: K;
  bare?: boolean;
}

export const PresenceBadge = ({ state, bare }: StateProps<Presence>) =>
  badge(PRESENCE, state, bare);
export const ApplianceStateBadge = ({ state, bare }: StateProps<ApplianceState>) =>
  badge(APPLIANCE, state, bare);
export const VmStateBadge = ({ state, bare }: StateProps<VmState>) => badge(VM, state, bare);
export const OperationStateBadge = ({ state, bare }: StateProps<OperationState>) =>
  badge(OPERATION, state, bare);
export const BulkStateBadge = ({ state, bare }: StateProps<string>) => badge(BULK, state, bare);
export const BootEndBadge = ({ state, bare }: StateProps<BootEnd>) => badge(BOOT_END, state, bare);
export const BundleStateBadge = ({ state, bare }: StateProps<BundleState>) =>
  badge(BUNDLE, state, bare);

export const VerdictBadge = ({ state, bare }: StateProps<string>) => badge(VERDICT, state, bare);
export const SetStateBadge = ({ state, bare }: StateProps<SetState>) => badge(SET, state, bare);
export const DriveUseBadge = ({ state, bare }: StateProps<string>) => badge(USE, state, bare);
export const SeverityBadge = ({ state, bare }: StateProps<Severity>) =>
  badge(SEVERITY, state, bare);
export const MitigationBadge = ({ state, bare }: StateProps<string>) =>
  badge(MITIGATION, state, bare);

export function severityWord(severity: Severity): string {
  return SEVERITY[severity]?.[2] ?? severity;
}

export function bootEndWord(end: BootEnd): string {
  return BOOT_END[end]?.[2] ?? end;
}

export const ReleaseStateBadge = ({ state, bare }: StateProps<ReleaseState>) =>
  badge(RELEASE, state, bare);

export function bootEndTone(end: BootEnd | null | undefined): Tone {
  return end ? (BOOT_END[end]?.[0] ?? "quiet") : "good";
}

export function presenceWord(presence: string): string {
  return (PRESENCE as Record<string, Look | undefined>)[presence]?.[2] ?? presence;
}

const OVER: ReadonlySet<OperationState> = new Set<OperationState>([
  "succeeded",
  "failed",
  "rejected",
  "cancelled",
  "expired",
  "written_off",
]);

/** Whether nothing comes after it. */
export function isOver(state: OperationState): boolean {
  return OVER.has(state);
}
