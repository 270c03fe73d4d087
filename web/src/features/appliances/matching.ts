// Whether an appliance belongs into a list, and where. The server decides what is listed; this
// only tells when a live change would make the list another, so it need not know every finesse.
import type { Term } from "../../api/filter";
import type { Appliance } from "../../api/types";
import type { SortOrder } from "../../ui/DataGrid/column";

type Value = string | number | null;

const FIELDS: Readonly<Record<string, (row: Appliance, now: number) => Value>> = {
  name: (row) => row.name,
  presence: (row) => row.presence,
  state: (row) => row.state,
  site: (row) => row.site?.name ?? null,
  organisation: (row) => row.organisation.name,
  hypervisor: (row) => row.hypervisor_version ?? null,
  kernel: (row) => row.components.dom0_kernel ?? null,
  xen: (row) => row.components.xen ?? null,
  qemu: (row) => row.components.qemu_installed ?? null,
  alpine: (row) => row.components.alpine ?? null,
  agent: (row) => row.components.agent ?? null,
  uptime: (row, now) => (row.booted_at ? (now - Date.parse(row.booted_at)) / 86_400_000 : null),
  vms: (row) => row.vms_total,
  vms_running: (row) => row.vms_running,
  epoch: (row) => row.epoch,
  io_scheduler: (row) => row.components.io_scheduler ?? null,
  read_only: (row) => (row.read_only ? "yes" : "no"),
};

/** What lists are sorted by, where it is called otherwise than in filters. */
const SORTS: typeof FIELDS = {
  ...FIELDS,
  hypervisor_version: (row) => row.hypervisor_version ?? null,
  vms_total: (row) => row.vms_total,
  booted_at: (row) => row.booted_at ?? null,
};

const order = new Intl.Collator("en", { numeric: true, sensitivity: "base" });

export function matches(terms: readonly Term[], row: Appliance, now: number): boolean {
  return terms.every((term) => {
    if (term.kind === "word") return contains(row.name, term.text);
    const field = FIELDS[term.key];
    // What this page does not know, the server judges.
    if (!field) return true;
    const value = field(row, now);
    const is = (wanted: string) => value !== null && order.compare(String(value), wanted) === 0;
    switch (term.comparison) {
      case "=":
        return term.values.some(is);
      case "!=":
        return !term.values.some(is);
      case "<":
        return value !== null && order.compare(String(value), term.values[0] ?? "") < 0;
      case ">":
        return value !== null && order.compare(String(value), term.values[0] ?? "") > 0;
      case "~":
        return value !== null && term.values.some((text) => contains(String(value), text));
    }
  });
}

function contains(text: string, part: string): boolean {
  return text.toLowerCase().includes(part.toLowerCase());
}

export function comparing(sort: SortOrder): (a: Appliance, b: Appliance) => number {
  // Last seen is left out: a list sorted by it would always be about to change.
  const field = SORTS[sort.by];
  if (!field) return () => 0;
  return (a, b) => {
    const difference = compareValues(field(a, 0), field(b, 0));
    return sort.down ? -difference : difference;
  };
}

function compareValues(a: Value, b: Value): number {
  if (a === null || b === null) return 0;
  if (typeof a === "number" && typeof b === "number") return a - b;
  return order.compare(String(a), String(b));
}
