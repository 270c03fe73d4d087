import { useQuery } from "@tanstack/react-query";

import { applianceBoots } from "../../api/queries";
import type { Boot, Components } from "../../api/types";
import { Timeline, type Span } from "../../charts/Timeline";
import { Badge } from "../../ui/Badge";
import { Button } from "../../ui/Button";
import { useNow, zonePreference } from "../../ui/clock";
import { EmptyState, Loading } from "../../ui/EmptyState";
import { count, formatAbsolute, formatDuration } from "../../ui/format";
import { Card } from "../../ui/Page";
import { ProblemNote } from "../../ui/ProblemNote";
import { BootEndBadge, bootEndTone } from "../../ui/states";
import { Elapsed, Time } from "../../ui/Time";
import { listBoots, type Listed } from "./boots";
import styles from "./BootsTab.module.css";
import { useAppliance } from "./useAppliance";

export function BootsTab() {
  const appliance = useAppliance();
  const { data, error, refetch } = useQuery(applianceBoots(appliance.id));
  if (error && !data) {
    return (
      <ProblemNote
        problem={error}
        action={<Button onClick={() => void refetch()}>Try again</Button>}
      />
    );
  }
  if (!data) return <Loading what="boots" />;
  if (data.boots.length === 0) {
    return (
      <Card title="Boots">
        <EmptyState title="No boot is known yet">
          <p>The agent reports this run of dom0 when it connects, and how each one before ended.</p>
        </EmptyState>
      </Card>
    );
  }
  const listed = listBoots(data.boots);
  return (
    <>
      <Card title="Timeline">
        <div className={styles.timeline}>
          <BootTimeline boots={data.boots} />
        </div>
      </Card>
      <Card title="Boots" aside={<span className="muted">{count(listed.length, "boot")}</span>}>
        <ol className={styles.list}>
          {listed.map((item) => (
            <BootItem key={`${item.boot.epoch} ${item.boot.boot_id}`} item={item} />
          ))}
        </ol>
      </Card>
    </>
  );
}

function BootTimeline({ boots }: { boots: readonly Boot[] }) {
  const now = useNow(60_000);
  const zone = zonePreference.use();
  const spans = boots.map((boot): Span => {
    const from = Date.parse(boot.started_at);
    const to = boot.ended_at ? Date.parse(boot.ended_at) : Math.max(now, from);
    const lasted = formatDuration((to - from) / 1000);
    return {
      id: `${boot.epoch} ${boot.boot_id}`,
      from,
      to,
      tone: bootEndTone(boot.end),
      open: !boot.end,
      title: `${formatAbsolute(from, zone)}, ${lasted}, ${boot.end ?? "running"}`,
    };
  });
  const bad = boots.filter((boot) => bootEndTone(boot.end) === "bad").length;
  return (
    <Timeline
      spans={spans}
      summary={`${count(boots.length, "boot")}, ${bad} of them ended badly`}
    />
  );
}

function BootItem({ item: { boot, gapSeconds, changed } }: { item: Listed }) {
  return (
    <>
      <li className={styles.boot}>
        <div className={styles.when}>
          <Time at={boot.started_at} full />
          <span className="muted">
            ran <Elapsed from={boot.started_at} to={boot.ended_at} coarse />
          </span>
        </div>
        <div className={styles.how}>
          <div className="line">
            {boot.end ? (
              <BootEndBadge state={boot.end} />
            ) : (
              <Badge tone="good" shape="disc">
                Running
              </Badge>
            )}
            {boot.confidence && <span className="muted">{boot.confidence} confidence</span>}
            {boot.epoch > 1 && <span className="muted">epoch {boot.epoch}</span>}
          </div>
          {(boot.evidence ?? []).map((sentence) => (
            <p key={sentence} className={styles.evidence}>
              {sentence}
            </p>
          ))}
          <Versions components={boot.components} changed={changed} />
        </div>
      </li>
      {gapSeconds !== null && gapSeconds >= 60 && (
        <li className={styles.gap}>{formatDuration(gapSeconds)} without a sign of life</li>
      )}
    </>
  );
}

const SHOWN: ReadonlyArray<readonly [keyof Components, string]> = [
  ["hypervisor", "hypervisor"],
  ["dom0_kernel", "kernel"],
  ["xen", "Xen"],
  ["qemu_installed", "QEMU"],
  ["alpine", "Alpine"],
  ["agent", "agent"],
  ["io_scheduler", "scheduler"],
];

function Versions({ components, changed }: { components: Components; changed: readonly string[] }) {
  return (
    <ul className={styles.versions} aria-label="Versions">
      {SHOWN.filter(([key]) => components[key] !== null && components[key] !== undefined).map(
        ([key, word]) => (
          <li key={key} className={changed.includes(key) ? styles.changed : ""}>
            {word} {String(components[key])}
            {changed.includes(key) && <span className={styles.new}>new</span>}
          </li>
        ),
      )}
    </ul>
  );
}
