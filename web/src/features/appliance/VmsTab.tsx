import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { lazy, Suspense, useState } from "react";

import { applianceVms, applianceVolumes, requestOperation } from "../../api/queries";
import type { ApplianceDetail, Operation, OperationRequest, Vm } from "../../api/types";
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
import type { VmDialog, VmRequest } from "./VmMenu";
import { vmReasons } from "./vmReasons";

const VmMenu = lazy(() => import("./VmMenu"));
const CreateVm = lazy(() => import("./CreateVm"));
const ChangeVm = lazy(() => import("./ChangeVm"));
const RenameVm = lazy(() => import("./RenameVm"));
const RemoveVm = lazy(() => import("./RemoveVm"));
const ReadConsole = lazy(() => import("./ReadConsole"));

type Open = { what: "create" } | { what: VmDialog; vm: Vm };

export function VmsTab() {
  const appliance = useAppliance();
  const { data, error, refetch } = useQuery(applianceVms(appliance.id));
  const active = useActiveOn(appliance.id);
  const reason = useAskReason(appliance);
  const reading = useAskReason(appliance, "nothing");
  const [open, setOpen] = useState<Open | null>(null);

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
          reading={reading}
          held={holder(vm, active)}
          onOpen={(what) => setOpen({ what, vm })}
        />
      ),
    },
  ];
  return (
    <Card
      title="VMs"
      aside={
        <>
          {data.at && (
            <span className="muted">
              as reported <Time at={data.at} />
            </span>
          )}
          <Button small disabledReason={reason} onClick={() => setOpen({ what: "create" })}>
            Create VM
          </Button>
        </>
      }
    >
      {data.vms.length === 0 ? (
        <EmptyState title="No VMs">
          <p>The agent lists every VM that Xen knows or that has a configuration in dom0.</p>
        </EmptyState>
      ) : (
        <Table label="VMs" columns={columns} rows={data.vms} rowKey={(vm) => vm.uuid} />
      )}
      {open && (
        <Suspense>
          <Dialogs appliance={appliance} open={open} onClose={() => setOpen(null)} />
        </Suspense>
      )}
    </Card>
  );
}

interface DialogsProps {
  appliance: ApplianceDetail;
  open: Open;
  onClose: () => void;
}

function Dialogs({ appliance, open, onClose }: DialogsProps) {
  const storage = useQuery(applianceVolumes(appliance.id));
  const groups = storage.data?.volume_groups ?? [];
  const volumes = storage.data?.volumes ?? [];
  const { id } = appliance;
  if (open.what === "create") {
    return <CreateVm appliance={id} groups={groups} volumes={volumes} onClose={onClose} />;
  }
  const { what, vm } = open;
  switch (what) {
    case "change":
      return (
        <ChangeVm appliance={id} vm={vm} groups={groups} volumes={volumes} onClose={onClose} />
      );
    case "rename":
      return <RenameVm appliance={id} vm={vm} onClose={onClose} />;
    case "remove":
      return <RemoveVm appliance={appliance} vm={vm} onClose={onClose} />;
    case "console":
      return <ReadConsole appliance={id} vm={vm} onClose={onClose} />;
    case "destroy":
      return (
        <ConfirmByTyping
          title="Destroy the VM's domain"
          effect={
            <p>
              The power of <strong>{vm.name}</strong> on {appliance.name} is cut at once. What its
              guest has not written to disk is lost. Its disks stay.
            </p>
          }
          phrase={vm.name}
          action="Destroy"
          onClose={onClose}
          onConfirm={async (confirm) => {
            const operation = { kind: "vm_destroy", vm: vm.uuid } as const;
            await asked(requestOperation(id, operation, confirm), vm.name);
          }}
        />
      );
  }
}

function holder(vm: Vm, active: readonly Operation[]): Operation | undefined {
  return holderOf(`vm:${vm.uuid}`, active);
}

function VmName({ vm }: { vm: Vm }) {
  return (
    <span>
      <span className={styles.name}>{vm.name}</span>
      {!vm.managed && <span className={styles.tag}>not managed</span>}
      {vm.autostart && <span className={styles.tag}>starts with dom0</span>}
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
  reading: string | null;
  held: Operation | undefined;
  onOpen: (dialog: VmDialog) => void;
}

function VmActions({ appliance, vm, reason, reading, held, onOpen }: VmActionsProps) {
  const reasons = vmReasons(vm, { general: reason, reading, heldBy: held?.kind });
  const request = (kind: VmRequest) =>
    void ask(requestOperation(appliance.id, requested(kind, vm)), vm.name);
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
        <VmMenu vm={vm} reasons={reasons} onRequest={request} onOpen={onOpen} />
      </Suspense>
    </div>
  );
}

function requested(kind: VmRequest, vm: Vm): OperationRequest {
  if (kind === "vm_autostart") return { kind, vm: vm.uuid, enabled: !vm.autostart };
  return { kind, vm: vm.uuid };
}
