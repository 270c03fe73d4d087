// Why something cannot be asked of a volume now, as the agent would judge it too.
import type { Vm, Volume } from "../../api/types";

export type VolumeAct = "snapshot" | "grow" | "revert" | "rename" | "adopt" | "remove";

/** Nothing where it can be asked for. */
export type VolumeReasons = Readonly<Record<VolumeAct, string | null>>;

interface Around {
  readonly volumes: readonly Volume[];
  readonly vms: readonly Vm[];
  /** Why nothing can be asked of the appliance's storage at all. */
  readonly general: string | null;
}

export function volumeReasons(volume: Volume, around: Around): VolumeReasons {
  const { volumes, vms, general } = around;
  const ours = volume.managed ? null : `${volume.name} is not managed: adopt it first.`;
  const user = userOf(volume, vms);
  const used = user ? `${volume.name} is a disk of ${user.name}.` : null;
  const open = isOpen(volume) ? `${volume.name} is in use.` : null;
  const other = dependentOf(volume, volumes);
  const lost = other ? `${other.name} would be lost with it: remove that first.` : null;
  const isPool = volume.segment_type === "thin-pool";
  return {
    snapshot: general ?? (isPool ? "A thin pool has no snapshots." : null),
    grow: general ?? ours,
    revert: general ?? ours ?? notReverted(volume, around),
    rename: general ?? ours ?? used ?? open,
    adopt: general ?? (volume.managed ? `${volume.name} is managed already.` : null),
    remove: general ?? ours ?? used ?? open ?? lost,
  };
}

function notReverted(snapshot: Volume, { volumes, vms }: Around): string | null {
  if (!snapshot.origin) return `${snapshot.name} is no snapshot.`;
  // The fifth letter: a snapshot that has overflowed has no content any more.
  if (/^....[IS]/.test(snapshot.attributes)) {
    return `${snapshot.name} has overflowed: what it held is lost.`;
  }
  const origin = volumes.find(({ name, volume_group }) => {
    return name === snapshot.origin && volume_group === snapshot.volume_group;
  });
  for (const volume of origin ? [origin, snapshot] : [snapshot]) {
    if (isOpen(volume)) return `${volume.name} is in use.`;
    const user = userOf(volume, vms);
    if (user && user.state !== "off") return `Shut ${user.name} down first.`;
  }
  return null;
}

/** The sixth letter of `lv_attr`. */
function isOpen(volume: Volume): boolean {
  return volume.attributes[5] === "o";
}

/** The VM that has the volume as a disk. */
export function userOf(volume: Volume, vms: readonly Vm[]): Vm | undefined {
  const paths = pathsOf(volume);
  return vms.find((vm) => vm.disks.some(({ target }) => paths.includes(target ?? "")));
}

/** Where a volume is found; the mapper writes each hyphen of a name twice. */
export function pathsOf({ volume_group, name }: Volume): readonly string[] {
  const twice = (text: string) => text.replaceAll("-", "--");
  return [`/dev/${volume_group}/${name}`, `/dev/mapper/${twice(volume_group)}-${twice(name)}`];
}

/** What LVM would remove along with it: a thick volume's snapshots, a pool's volumes. */
function dependentOf(volume: Volume, volumes: readonly Volume[]): Volume | undefined {
  return volumes.find((other) => {
    if (other.volume_group !== volume.volume_group) return false;
    const isSnapshot = volume.segment_type !== "thin" && other.origin === volume.name;
    return isSnapshot || other.pool === volume.name;
  });
}
