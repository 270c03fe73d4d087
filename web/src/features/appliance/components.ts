// What the parts of an appliance are called, and what they were.
import type { ComponentSpan } from "../../api/types";

const NAMES: Readonly<Record<string, string>> = {
  hypervisor: "Hypervisor",
  dom0_kernel: "dom0 kernel",
  xen: "Xen",
  qemu_installed: "QEMU installed",
  qemu_running: "QEMU running",
  alpine: "Alpine",
  disk_format: "Disk format",
  io_scheduler: "I/O scheduler",
  swap: "Swap",
  overcommit: "Overcommit",
  agent: "Agent",
};

/** A component, with the VM that it is of. */
export function componentName(
  { component, vm }: Pick<ComponentSpan, "component" | "vm">,
  vms: ReadonlyMap<string, string>,
): string {
  const name = NAMES[component] ?? component.replaceAll("_", " ");
  return vm ? `${name} of ${vms.get(vm) ?? `VM ${vm.slice(0, 8)}`}` : name;
}
