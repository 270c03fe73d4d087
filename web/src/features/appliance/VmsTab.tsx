import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { lazy, Suspense, useState } from "react";

import { applianceVms, requestOperation } from "../../api/queries";
import type { ApplianceDetail, Operation, Vm } from "../../api/types";
import { ask, asked, useActiveOn, useOperation } from "../../live/operations";
import { Button } from "../../ui/Button";
import { ConfirmByTyping } from "../../ui/ConfirmByTyping";
import { EmptyState, Loading } from "../../ui/EmptyState";
import { formatBytes, operationTitle } from "../../ui/format";
import { Card } from "../../ui/Page";
import { ProblemNote } from "../../ui/ProblemNote";
import { OperationStateBadge, VmStateBadge } from "../../ui/states";
import { Table, type TableColumn } from "../../ui/Table";
import { Time } from "../../ui/Time";
import styles from "./AppliancePage.module.css";
import { holderOf } from "./locks";
import { useAppliance, useAskReason } from "./useAppliance";
import { vmReasons } from "./vmReasons";

const VmMenu = lazy(() => import("./VmMenu"));

export function VmsTab() {
  const appliance = useAppliance();
  const { data, error, refetch } = useQuery(applianceVms(appliance.id));
  const active = useActiveOn(appliance.id);
  const reason = useAskReason(appliance);
  const [destroying, setDestroying] = useState<Vm | null>(null);

  if (error && !data) {
    return (
      <ProblemNote
        problem={error}
        action={<Button onClick={() => void refetch()}>Try again</Button>}
      />
    );
  }
  if (!data) return <Loading what="VMs" />;
  const columns: readonly TableColumn<Vm>[] = [
    { key: "name", title: "Name", cell: (vm) => <VmName vm={vm} /> },
    {
      key: "state",
      title: "State",
      cell: (vm) => <VmCondition vm={vm} held={holder(vm, active)} />,
    },
    { key: "memory", title: "Memory", number: true, cell: (vm) => formatBytes(vm.memory_bytes) },
    { key: "vcpus", title: "vCPUs", number: true, cell: (vm) => vm.vcpus },
    { key: "disks", title: "Disks", cell: (vm) => <VmDisks vm={vm} /> },
    {
      key: "qemu",
      title: "QEMU running",
      cell: (vm) => vm.qemu_running ?? <span className="muted">none</span>,
    },
    {
      key: "actions",
      title: "Actions",
      silent: true,
      cell: (vm) => (
        <VmActions
          appliance={appliance}
          vm={vm}
          reason={reason}
          held={holder(vm, active)}
          onDestroy={() => setDestroying(vm)}
        />
      ),
    },
  ];
  return (
    <Card
      title="VMs"
      aside={
        data.at && (
          <span className="muted">
            as reported <Time at={data.at} />
          </span>
        )
      }
    >
      {data.vms.length === 0 ? (
        <EmptyState title="No VMs">
          <p>The agent lists every VM that Xen knows or that has a configuration in dom0.</p>
        </EmptyState>
      ) : (
        <Table label="VMs" columns={columns} rows={data.vms} rowKey={(vm) => vm.uuid} />
      )}
      {destroying && (
        <ConfirmByTyping
          title="Destroy the VM's domain"
          effect={
            <p>
              The power of <strong>{destroying.name}</strong> on {appliance.name} is cut at once.
              What its guest has not written to disk is lost. Its disks stay.
            </p>
          }
          phrase={destroying.name}
          action="Destroy"
          onClose={() => setDestroying(null)}
          onConfirm={async (confirm) => {
            const operation = { kind: "vm_destroy", vm: destroying.uuid } as const;
            await asked(requestOperation(appliance.id, operation, confirm), destroying.name);
          }}
        />
      )}
    </Card>
  );
}

function holder(vm: Vm, active: readonly Operation[]): Operation | undefined {
  return holderOf(`vm:${vm.uuid}`, active);
}

function VmName({ vm }: { vm: Vm }) {
  return (
    <span>
      <span className={styles.name}>{vm.name}</span>
      {!vm.managed && <span className={styles.tag}>not managed</span>}
    </span>
  );
}

function VmCondition({ vm, held }: { vm: Vm; held: Operation | undefined }) {
  return (
    <span className="line">
      <VmStateBadge state={vm.state} bare />
      {held && <Held seen={held} />}
    </span>
  );
}

function Held({ seen }: { seen: Operation }) {
  const operation = useOperation(seen);
  return (
    <Link to="/operations/$id" params={{ id: operation.id }} className={styles.small}>
      {operationTitle(operation.kind)} <OperationStateBadge state={operation.state} bare />
    </Link>
  );
}

function VmDisks({ vm }: { vm: Vm }) {
  if (vm.disks.length === 0) return <span className="muted">none</span>;
  return (
    <ul>
      {vm.disks.map((disk) => (
        <li key={disk.vdev} title={disk.target ?? "empty"}>
          {disk.vdev} <span className="muted">{disk.format}</span>
        </li>
      ))}
    </ul>
  );
}

interface VmActionsProps {
  appliance: ApplianceDetail;
  vm: Vm;
  reason: string | null;
  held: Operation | undefined;
  onDestroy: () => void;
}

function VmActions({ appliance, vm, reason, held, onDestroy }: VmActionsProps) {
  const reasons = vmReasons(vm, reason, held?.kind);
  const request = (kind: "vm_start" | "vm_shutdown" | "vm_reboot" | "vm_adopt") =>
    void ask(requestOperation(appliance.id, { kind, vm: vm.uuid }), vm.name);
  const running = vm.state === "running" || vm.state === "paused";
  return (
    <div className={styles.actions}>
      {running ? (
        <Button
          small
          aria-label={`Shut down ${vm.name}`}
          disabledReason={reasons.shutdown}
          onClick={() => request("vm_shutdown")}
        >
          Shut down
        </Button>
      ) : (
        <Button
          small
          aria-label={`Start ${vm.name}`}
          disabledReason={reasons.start}
          onClick={() => request("vm_start")}
        >
          Start
        </Button>
      )}
      <Suspense fallback={<span style={{ width: 28 }} />}>
        <VmMenu vm={vm} reasons={reasons} onRequest={request} onDestroy={onDestroy} />
      </Suspense>
    </div>
  );
}
