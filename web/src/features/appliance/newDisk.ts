// A disk that is being described in a form, and what it becomes.
import type { NewDisk, Volume } from "../../api/types";
import { parseSize } from "../../ui/format";
import { pathError, volumeNameError } from "./names";

export type DiskKind = "new_volume" | "volume" | "path" | "cdrom";

export interface DraftDisk {
  readonly key: number;
  readonly vdev: string;
  readonly kind: DiskKind;
  readonly group: string;
  readonly pool: string;
  readonly name: string;
  readonly size: string;
  readonly volume: string;
  /** Of a file; of a CD drive, nothing where it is empty. */
  readonly path: string;
  readonly format: NonNullable<NewDisk["format"]>;
  readonly writable: boolean;
}

const LETTERS = "abcdefghijklmnop";

/** The first name in the guest that nobody has. */
export function freeVdev(taken: readonly string[]): string {
  const letter = [...LETTERS].find((candidate) => !taken.includes(`xvd${candidate}`));
  return `xvd${letter ?? "a"}`;
}

export function draftDisk(key: number, vdev: string, kind: DiskKind, group: string): DraftDisk {
  return {
    key,
    vdev,
    kind,
    group,
    pool: "",
    name: "",
    size: "",
    volume: "",
    path: "",
    format: "raw",
    writable: true,
  };
}

/** What is asked for; nothing while something is missing or wrong. */
export function newDiskOf(draft: DraftDisk): NewDisk | null {
  const { vdev, kind, group, pool, name, size, volume, path, format, writable } = draft;
  if (vdev === "") return null;
  switch (kind) {
    case "new_volume": {
      const bytes = parseSize(size);
      if (group === "" || name === "" || volumeNameError(name) || bytes === null) return null;
      const thin = pool === "" ? {} : { thin_pool: pool };
      const made = { volume_group: group, name, size_bytes: bytes, ...thin };
      return { vdev, source: { new_volume: made }, writable };
    }
    case "volume":
      return volume === "" ? null : { vdev, source: { volume }, writable };
    case "path":
      return path === "" || pathError(path) ? null : { vdev, source: { path }, format, writable };
    case "cdrom": {
      if (pathError(path)) return null;
      const source = path === "" ? ("empty" as const) : { path };
      return { vdev, source, cdrom: true, writable: false };
    }
  }
}

/** The thin pools of a volume group. */
export function poolsOf(volumes: readonly Volume[], group: string): readonly Volume[] {
  return volumes.filter((volume) => {
    return volume.segment_type === "thin-pool" && volume.volume_group === group;
  });
}

/** Volumes that may become a disk: none that is part of something else. */
export function usableVolumes(volumes: readonly Volume[]): readonly Volume[] {
  return volumes.filter(({ segment_type }) => segment_type !== "thin-pool");
}
