import type { Vm } from "../../api/types";
import { operationTitle } from "../../ui/format";

export interface VmReasons {
  readonly start: string | null;
  readonly shutdown: string | null;
  readonly reboot: string | null;
  readonly destroy: string | null;
  readonly adopt: string | null;
}

/** Why each thing cannot be asked of the VM now; nothing where it can. */
export function vmReasons(vm: Vm, general: string | null, heldBy: string | undefined): VmReasons {
  const all = general ?? (heldBy ? `${operationTitle(heldBy)} is under way.` : null);
  const has = vm.domid !== null && vm.domid !== undefined;
  return {
    start: all ?? (has ? `${vm.name} has a domain already.` : null),
    shutdown: all ?? (vm.state === "running" ? null : `${vm.name} does not run.`),
    reboot: all ?? (vm.state === "running" ? null : `${vm.name} does not run.`),
    destroy: all ?? (has ? null : `${vm.name} has no domain.`),
    adopt: all ?? (vm.managed ? `${vm.name} is managed already.` : null),
  };
}
