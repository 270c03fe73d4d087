import type { Volume } from "../../api/types";
import { Badge } from "../../ui/Badge";
import { formatBytes, formatPercent } from "../../ui/format";
import { Card } from "../../ui/Page";
import { Meter } from "../../ui/ProgressBar";
import styles from "./AppliancePage.module.css";
import { FILLING, fillOf, FULL, promisedBytes, type Level } from "./pools";

interface PoolsCardProps {
  pools: readonly Volume[];
  volumes: readonly Volume[];
}

/** Thin pools, and how long there is until one is full. */
export function PoolsCard({ pools, volumes }: PoolsCardProps) {
  return (
    <Card
      title="Thin pools"
      aside={
        <span className="muted">
          an alarm from {formatPercent(FILLING)}, urgent from {formatPercent(FULL)}
        </span>
      }
    >
      {pools.map((pool) => (
        <Pool key={pool.lv_uuid} pool={pool} volumes={volumes} />
      ))}
    </Card>
  );
}

function Pool({ pool, volumes }: { pool: Volume; volumes: readonly Volume[] }) {
  const { data, metadata, level } = fillOf(pool);
  const promised = promisedBytes(pool, volumes);
  return (
    <div className={styles.group}>
      <div className="spread">
        <span className="line">
          <span className={styles.name}>{pool.name}</span>
          <LevelBadge level={level} />
        </span>
        <span className="number muted">
          {formatBytes(pool.size_bytes)}, its volumes may grow to {formatBytes(promised)}
        </span>
      </div>
      <Filled pool={pool} word="Data" share={data} />
      <Filled pool={pool} word="Metadata" share={metadata} />
    </div>
  );
}

function Filled({ pool, word, share }: { pool: Volume; word: string; share: number }) {
  return (
    <div className={styles.filled}>
      <span>{word}</span>
      <Meter share={share} warnFrom={FILLING} fullFrom={FULL} label={`${word} of ${pool.name}`} />
      <span className="number">{formatPercent(share)}</span>
    </div>
  );
}

function LevelBadge({ level }: { level: Level }) {
  switch (level) {
    case "fine":
      return null;
    case "filling":
      return (
        <Badge tone="warn" shape="triangle">
          Filling up: grow it, or remove what is not needed
        </Badge>
      );
    case "full":
      return (
        <Badge tone="bad" shape="cross">
          Nearly full: VMs that write to it will stop
        </Badge>
      );
  }
}
