import { Link } from "@tanstack/react-router";

import type { Appliance } from "../../api/types";
import type { Column } from "../../ui/DataGrid/column";
import { ApplianceStateBadge, PresenceBadge } from "../../ui/states";
import { Elapsed, Time } from "../../ui/Time";
import styles from "./AppliancesPage.module.css";

export const COLUMNS: readonly Column<Appliance>[] = [
  {
    key: "select",
    title: "Selected",
    silent: true,
    min: 40,
    grow: 0,
    wideOnly: true,
    cell: (_, selected) => (
      <span className={styles.box} data-checked={selected ?? false} aria-hidden="true" />
    ),
  },
  {
    key: "name",
    title: "Name",
    sort: "name",
    min: 200,
    grow: 3,
    cell: ({ id, name, read_only }) => (
      <span>
        <Link to="/appliances/$id" params={{ id }} className={styles.name} tabIndex={-1}>
          {name}
        </Link>
        {read_only && <span className={styles.tag}>read-only</span>}
      </span>
    ),
  },
  {
    key: "presence",
    title: "Presence",
    sort: "presence",
    min: 144,
    grow: 0,
    cell: ({ presence, state }) =>
      state === "accepted" ? (
        <PresenceBadge state={presence} bare />
      ) : (
        <ApplianceStateBadge state={state} bare />
      ),
  },
  {
    key: "site",
    title: "Site",
    sort: "site",
    min: 96,
    grow: 1,
    cell: ({ site, organisation }) => (
      <span title={organisation.name}>{site?.name ?? organisation.name}</span>
    ),
  },
  {
    key: "hypervisor",
    title: "Hypervisor",
    sort: "hypervisor_version",
    min: 100,
    grow: 0.4,
    cell: ({ hypervisor_version }) => hypervisor_version ?? <Unknown />,
  },
  {
    key: "kernel",
    title: "dom0 kernel",
    min: 160,
    grow: 1,
    wideOnly: true,
    cell: ({ components }) => components.dom0_kernel ?? <Unknown />,
  },
  {
    key: "vms",
    title: "VMs",
    sort: "vms_total",
    number: true,
    min: 72,
    grow: 0.2,
    cell: ({ vms_running, vms_total }) => (
      <span title={`${vms_running} of ${vms_total} running`}>
        {vms_running} <span className="muted">/ {vms_total}</span>
      </span>
    ),
  },
  {
    key: "uptime",
    title: "Up",
    sort: "booted_at",
    number: true,
    min: 104,
    grow: 0.4,
    wideOnly: true,
    cell: ({ booted_at, presence }) =>
      booted_at && presence === "online" ? <Elapsed from={booted_at} coarse /> : <Unknown />,
  },
  {
    key: "seen",
    title: "Last seen",
    sort: "last_seen_at",
    number: true,
    min: 92,
    grow: 0.4,
    cell: ({ last_seen_at, presence }) =>
      // A live appliance is seen all the time; only silence is worth counting.
      presence === "online" ? <span className="muted">now</span> : <Time at={last_seen_at} />,
  },
];

function Unknown() {
  return (
    <span className="muted">
      <span aria-hidden="true">–</span>
      <span className="hidden">not known</span>
    </span>
  );
}
