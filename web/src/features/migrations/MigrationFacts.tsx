import type { MigratedVm, MigrationRow } from "../../api/migrations";
import { Badge, type Shape, type Tone } from "../../ui/Badge";
import { useNow } from "../../ui/clock";
import { Bar } from "../../ui/ProgressBar";
import styles from "./Migrations.module.css";
import { bytesDone, phaseLook, timeLeft, vmsInWords, waitOf } from "./words";

export function PhaseBadge({ phase, bare }: { phase: string; bare?: boolean }) {
  const [tone, shape, word] = phaseLook(phase);
  return (
    <Badge tone={tone} shape={shape} bare={bare ?? false}>
      {word}
    </Badge>
  );
}

const VM: Readonly<Record<string, readonly [Tone, Shape, string]>> = {
  waiting: ["quiet", "ring", "Waiting"],
  restored: ["info", "half", "Disks written"],
  configured: ["info", "half", "Configured"],
  booting: ["info", "spin", "Watched"],
  healthy: ["good", "disc", "Healthy"],
  failed: ["bad", "cross", "Failed"],
  waived: ["warn", "square", "Taken as it is"],
};

export function ProgressBadge({ progress }: { progress: MigratedVm["progress"] }) {
  const [tone, shape, word] = VM[progress.state] ?? ["quiet", "ring", progress.state];
  return (
    <Badge tone={tone} shape={shape} bare>
      {word}
    </Badge>
  );
}

/** For what it waits, and for whom. */
export function WaitWords({ row }: { row: MigrationRow }) {
  const wait = row.ended_at ? null : waitOf(row);
  if (!wait)
    return <span className="muted">{row.ended_at ? "nothing" : (row.what ?? "nothing")}</span>;
  return (
    <span>
      <strong>{wait.who}:</strong> {wait.what}
    </span>
  );
}

/** How far it is: bytes of what is being done, and VMs that are settled. */
export function HowFar({ row }: { row: MigrationRow }) {
  const bytes = row.ended_at ? null : bytesDone(row);
  const share = bytes === null ? null : (row.done ?? 0) / (row.total ?? 1);
  return (
    <div className={styles.far}>
      {share !== null && <Bar share={share} label={row.what ?? phaseLook(row.phase)[2]} />}
      <span className="number">{[bytes, vmsInWords(row)].filter(Boolean).join(" · ")}</span>
    </div>
  );
}

/** How long it takes still, or may. */
export function TimeLeft({ row }: { row: Parameters<typeof timeLeft>[0] }) {
  const left = timeLeft(row, useNow(1_000));
  return left === null ? <span className="muted">not known</span> : <span>{left}</span>;
}
