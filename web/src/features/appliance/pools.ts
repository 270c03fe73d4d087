// How full thin pools are. A full one stops every VM that writes to it, so that the bounds are those
// at which the server raises its alarm.
import type { Volume } from "../../api/types";

export const FILLING = 0.8;
export const FULL = 0.95;

export type Level = "fine" | "filling" | "full";

export interface Fill {
  /** From 0 to 1. */
  readonly data: number;
  readonly metadata: number;
  /** Of whichever is fuller. */
  readonly level: Level;
}

export function fillOf(pool: Volume): Fill {
  const data = (pool.data_basis_points ?? 0) / 10_000;
  const metadata = (pool.metadata_basis_points ?? 0) / 10_000;
  return { data, metadata, level: levelOf(Math.max(data, metadata)) };
}

export function levelOf(share: number): Level {
  if (share >= FULL) return "full";
  return share >= FILLING ? "filling" : "fine";
}

/** How much the volumes in a pool could grow to, against what it has. */
export function promisedBytes(pool: Volume, volumes: readonly Volume[]): number {
  return volumes
    .filter((volume) => volume.pool === pool.name && volume.volume_group === pool.volume_group)
    .reduce((sum, volume) => sum + volume.size_bytes, 0);
}
