import type { Vm } from "../../api/types";
import { operationTitle } from "../../ui/format";

export type VmAct =
  | "start"
  | "shutdown"
  | "reboot"
  | "pause"
  | "unpause"
  | "destroy"
  | "change"
  | "rename"
  | "autostart"
  | "adopt"
  | "remove"
  | "console";

/** Why each thing cannot be asked of the VM now; nothing where it can. */
export type VmReasons = Readonly<Record<VmAct, string | null>>;

interface Around {
  /** Why nothing can be asked of the appliance that changes anything. */
  readonly general: string | null;
  /** Why nothing can be asked of it at all. */
  readonly reading: string | null;
  /** The kind of operation that holds the VM. */
  readonly heldBy: string | undefined;
}

export function vmReasons(vm: Vm, { general, reading, heldBy }: Around): VmReasons {
  const all = general ?? (heldBy ? `${operationTitle(heldBy)} is under way.` : null);
  const has = vm.domid !== null && vm.domid !== undefined;
  const noConfig = vm.config_path ? null : `No configuration file of ${vm.name} was found.`;
  const ours = vm.managed ? null : `${vm.name} is not managed: adopt it first.`;
  return {
    start: all ?? (has ? hasDomain(vm) : noConfig),
    shutdown: all ?? notShutDown(vm),
    reboot: all ?? notShutDown(vm) ?? noConfig,
    pause: all ?? (vm.state === "running" ? null : `${vm.name} does not run.`),
    unpause: all ?? (vm.state === "paused" ? null : `${vm.name} is not paused.`),
    destroy: all ?? (has ? null : `${vm.name} has no domain.`),
    change: all ?? ours,
    rename: all ?? ours,
    autostart: all ?? ours,
    adopt: all ?? (vm.managed ? `${vm.name} is managed already.` : noConfig),
    remove: all ?? ours ?? (has ? `${vm.name} still has a domain: shut it down first.` : null),
    console: reading,
  };
}

function hasDomain({ name, state }: Vm): string {
  if (state === "running" || state === "paused") return `${name} has a domain already.`;
  return `${name} still has a domain, which does not run: destroy it first.`;
}

function notShutDown({ name, state }: Vm): string | null {
  switch (state) {
    case "running":
      return null;
    case "paused":
      return `${name} is paused and would not hear of it: unpause it first.`;
    case "crashed":
      return `${name} has crashed: destroy it.`;
    default:
      return `${name} does not run.`;
  }
}
