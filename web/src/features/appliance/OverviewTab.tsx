import type { ApplianceDetail, Components } from "../../api/types";
import { Badge } from "../../ui/Badge";
import { CopyId } from "../../ui/CopyId";
import { formatBytes } from "../../ui/format";
import { WarningIcon } from "../../ui/icons";
import { Card, Facts } from "../../ui/Page";
import { PresenceBadge } from "../../ui/states";
import { Time } from "../../ui/Time";
import styles from "./AppliancePage.module.css";
import { useAppliance } from "./useAppliance";

export function OverviewTab() {
  const appliance = useAppliance();
  return (
    <>
      <Warnings appliance={appliance} />
      <div className={styles.columns}>
        <Card title="Presence">
          <Facts
            rows={[
              ["Now", <PresenceBadge key="now" state={appliance.presence} />],
              ["Since", <Time key="since" at={appliance.presence_since} full />],
              ["Last seen", <Time key="seen" at={appliance.last_seen_at} full />],
              ["Booted", <Time key="boot" at={appliance.booted_at} full />],
              ["VMs", `${appliance.vms_running} running of ${appliance.vms_total}`],
            ]}
          />
        </Card>
        <Card title="Components">
          <Facts rows={componentRows(appliance.components)} />
        </Card>
        <Card title="Hardware">
          <Facts rows={hardwareRows(appliance)} />
        </Card>
        <Card title="Identity">
          <Facts
            rows={[
              ["Id", <CopyId key="id" id={appliance.id} what="appliance id" />],
              ["Organisation", appliance.organisation.name],
              ["Site", appliance.site?.name ?? "none"],
              ["dom0 calls itself", appliance.facts?.hostname],
              ["Epoch", <span key="epoch">{appliance.epoch}</span>],
              ["Credential", <Credential key="credential" appliance={appliance} />],
            ]}
          />
        </Card>
      </div>
    </>
  );
}

function Warnings({ appliance: { warnings } }: { appliance: ApplianceDetail }) {
  if (warnings.length === 0) return null;
  return (
    <Card title="Warnings">
      <ul className={styles.warnings}>
        {warnings.map((warning) => (
          <li key={warning} className={styles.warning}>
            <WarningIcon />
            {warning}
          </li>
        ))}
      </ul>
    </Card>
  );
}

function Credential({ appliance: { credential } }: { appliance: ApplianceDetail }) {
  if (!credential) return <span className="muted">none yet</span>;
  const good = credential.status === "active" || credential.status === "valid";
  return (
    <span className="line">
      <Badge tone={good ? "good" : "warn"} shape={good ? "disc" : "triangle"}>
        {credential.status.replaceAll("_", " ")}
      </Badge>
      <span>
        until <Time at={credential.not_after} full />
      </span>
    </span>
  );
}

export function componentRows(components: Components) {
  const { swap, overcommit } = components;
  return [
    ["Hypervisor", components.hypervisor],
    ["dom0 kernel", components.dom0_kernel],
    ["Xen", components.xen],
    ["QEMU installed", components.qemu_installed],
    ["Alpine", components.alpine],
    ["Agent", components.agent],
    ["I/O scheduler", components.io_scheduler],
    ["Swap", typeof swap === "boolean" ? (swap ? "on" : "off") : null],
    ["Overcommit", typeof overcommit === "number" ? String(overcommit) : null],
  ] as const;
}

function hardwareRows({ facts }: ApplianceDetail) {
  const bytes = (value: number | null | undefined) =>
    typeof value === "number" ? formatBytes(value) : null;
  const list = (values: readonly string[] | undefined) =>
    values && values.length > 0 ? <code>{values.join(", ")}</code> : null;
  return [
    ["Memory", bytes(facts?.memory_bytes)],
    ["Memory free", bytes(facts?.free_memory_bytes)],
    ["dom0 memory", bytes(facts?.dom0_memory_bytes)],
    ["CPUs", facts?.cpus ?? null],
    ["Kernel taint", taint(facts?.taint)],
    ["System UUID", facts?.fingerprint.system_uuid ?? null],
    ["Board serial", facts?.fingerprint.board_serial ?? null],
    ["MAC addresses", list(facts?.fingerprint.macs)],
    ["Disks", list(facts?.fingerprint.disks)],
  ] as const;
}

function taint(bits: number | null | undefined) {
  if (typeof bits !== "number") return null;
  return bits === 0 ? "none" : `0x${bits.toString(16)}`;
}
