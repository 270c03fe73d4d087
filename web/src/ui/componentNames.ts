// What components are called.
import type { Component } from "../api/types";

type Names = Readonly<Record<string, string>>;

const HEADINGS: Names = {
  hypervisor: "Hypervisor",
  dom0_kernel: "dom0 kernel",
  xen: "Xen",
  qemu_running: "QEMU that runs",
  qemu_installed: "QEMU that is installed",
  alpine: "Alpine",
  disk_format: "Disk format",
  io_scheduler: "I/O scheduler",
  swap: "Swap",
  overcommit: "Overcommit",
  agent: "Agent",
};

/** A newer server may know one that this page does not; it is shown as it is. */
export function componentName(component: Component): string {
  return HEADINGS[component] ?? component.replaceAll("_", " ");
}

/** Several of them in a sentence. */
export function componentList(components: readonly Component[]): string {
  const names = components.map((component) => {
    const name = componentName(component);
    return IN_SENTENCES[name] ?? name;
  });
  const last = names.at(-1) ?? "";
  return names.length < 2 ? last : `${names.slice(0, -1).join(", ")} and ${last}`;
}

const IN_SENTENCES: Names = {
  Hypervisor: "the hypervisor",
  "dom0 kernel": "the dom0 kernel",
  "QEMU that runs": "the QEMU that runs",
  "QEMU that is installed": "the QEMU that is installed",
  "Disk format": "the disk format",
  "I/O scheduler": "the I/O scheduler",
  Swap: "swap",
  Overcommit: "overcommit",
  Agent: "the agent",
};

/** The keys of the filter of appliances that hold appliances to a component. */
export const FILTER_KEYS: Names = {
  hypervisor: "hypervisor",
  dom0_kernel: "kernel",
  xen: "xen",
  qemu_installed: "qemu",
  alpine: "alpine",
  agent: "agent",
  io_scheduler: "io_scheduler",
};

export const COMPONENTS = Object.keys(HEADINGS) as Component[];
