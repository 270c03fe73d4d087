// The disk images of an appliance's VMs, and what was last found out about each.
import { resultOf, type Judgement } from "../../api/results";
import type { ImageAt, Operation, OperationRequest, Vm, Volume } from "../../api/types";
import { pathsOf } from "./volumeReasons";

/** A disk of a VM that can be looked at. */
export interface DiskImage {
  readonly key: string;
  readonly at: ImageAt;
  /** Where it is, for people. */
  readonly path: string;
  /** As its VM has it; a volume holds the disk as it is. */
  readonly format: string;
  readonly vm: Vm;
  readonly vdev: string;
  readonly volume: Volume | null;
}

/** Every image once, by its VM and its place there. */
export function imagesOf(vms: readonly Vm[], volumes: readonly Volume[]): readonly DiskImage[] {
  const images = new Map<string, DiskImage>();
  for (const vm of vms) {
    for (const { target, vdev, format } of vm.disks) {
      if (!target) continue;
      const volume = volumes.find((candidate) => pathsOf(candidate).includes(target)) ?? null;
      const at: ImageAt = volume ? { volume: volume.lv_uuid } : { path: target };
      const key = keyOf(at);
      if (images.has(key)) continue;
      images.set(key, {
        key,
        at,
        path: target,
        format: format === "lv" ? "raw" : format,
        vm,
        vdev,
        volume,
      });
    }
  }
  return [...images.values()];
}

export function keyOf(at: ImageAt): string {
  return "path" in at ? `path ${at.path}` : `volume ${at.volume}`;
}

/** The image that an operation is about. */
export function imageOf(operation: OperationRequest): ImageAt | null {
  switch (operation.kind) {
    case "image_check":
    case "image_inspect":
    case "image_repair":
      return operation.image;
    case "image_convert":
      return operation.source;
    default:
      return null;
  }
}

export interface LastVerdict {
  readonly judgement: Judgement;
  readonly at: string;
  readonly operation: string;
}

/** What was last thought of each image, by its key. */
export function lastVerdicts(operations: readonly Operation[]): ReadonlyMap<string, LastVerdict> {
  const verdicts = new Map<string, LastVerdict>();
  for (const { id, kind, operation, result, ended_at } of operations) {
    const at = imageOf(operation);
    if (!at || !ended_at || (kind !== "image_check" && kind !== "image_inspect")) continue;
    const found = resultOf(kind, result);
    if (found?.is !== "image") continue;
    const known = verdicts.get(keyOf(at));
    if (known && Date.parse(known.at) >= Date.parse(ended_at)) continue;
    verdicts.set(keyOf(at), { judgement: found.judgement, at: ended_at, operation: id });
  }
  return verdicts;
}
