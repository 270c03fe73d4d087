import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense, useState } from "react";

import { applianceVolumes, requestOperation } from "../../api/queries";
import type { Volume, VolumeGroup } from "../../api/types";
import { ask, asked, useActiveOn } from "../../live/operations";
import { Button } from "../../ui/Button";
import { ConfirmByTyping } from "../../ui/ConfirmByTyping";
import { EmptyState, Loading } from "../../ui/EmptyState";
import { formatBytes } from "../../ui/format";
import { Card } from "../../ui/Page";
import { ProblemNote } from "../../ui/ProblemNote";
import { Meter } from "../../ui/ProgressBar";
import { Table, type TableColumn } from "../../ui/Table";
import { Time } from "../../ui/Time";
import styles from "./AppliancePage.module.css";
import { heldReason } from "./locks";
import { useAppliance, useAskReason } from "./useAppliance";

const CreateVolume = lazy(() => import("./CreateVolume"));
const SnapshotVolume = lazy(() => import("./SnapshotVolume"));

type Open =
  { what: "create" } | { what: "snapshot"; volume: Volume } | { what: "remove"; volume: Volume };

export function StorageTab() {
  const appliance = useAppliance();
  const { data, error, refetch } = useQuery(applianceVolumes(appliance.id));
  const active = useActiveOn(appliance.id);
  const general = useAskReason(appliance);
  const [open, setOpen] = useState<Open | null>(null);
  const close = () => setOpen(null);

  if (error && !data) {
    return (
      <ProblemNote
        problem={error}
        action={<Button onClick={() => void refetch()}>Try again</Button>}
      />
    );
  }
  if (!data) return <Loading what="storage" />;
  const { volumes, volume_groups: groups, at } = data;
  const reason = general ?? heldReason("storage", active);
  const noGroup = groups.length === 0 ? "There is no volume group to create it in." : null;
  return (
    <>
      <Card
        title="Volume groups"
        aside={
          <>
            {at && (
              <span className="muted">
                as reported <Time at={at} />
              </span>
            )}
            <Button
              small
              disabledReason={reason ?? noGroup}
              onClick={() => setOpen({ what: "create" })}
            >
              Create volume
            </Button>
          </>
        }
      >
        {groups.length === 0 ? (
          <EmptyState title="No volume groups">
            <p>Hypervisor 1.x keeps the disks of its VMs in files; 2.x has them on LVM.</p>
          </EmptyState>
        ) : (
          groups.map((group) => <Group key={group.uuid} group={group} />)
        )}
      </Card>
      {volumes.length > 0 && (
        <Card title="Volumes">
          <Table
            label="Volumes"
            columns={columns(reason, setOpen, (volume) => {
              const operation = { kind: "volume_adopt", volume: volume.lv_uuid } as const;
              void ask(requestOperation(appliance.id, operation), volume.name);
            })}
            rows={volumes}
            rowKey={(volume) => volume.lv_uuid}
          />
        </Card>
      )}
      <Suspense>
        {open?.what === "create" && (
          <CreateVolume appliance={appliance.id} groups={groups} onClose={close} />
        )}
        {open?.what === "snapshot" && (
          <SnapshotVolume appliance={appliance.id} volume={open.volume} onClose={close} />
        )}
      </Suspense>
      {open?.what === "remove" && (
        <ConfirmByTyping
          title="Remove the volume"
          effect={
            <p>
              <strong>
                {open.volume.volume_group}/{open.volume.name}
              </strong>{" "}
              ({formatBytes(open.volume.size_bytes)}) on {appliance.name} is removed with all that
              is on it. It cannot be brought back.
            </p>
          }
          phrase={open.volume.name}
          action="Remove"
          onClose={close}
          onConfirm={async (confirm) => {
            const operation = { kind: "volume_remove", volume: open.volume.lv_uuid } as const;
            await asked(requestOperation(appliance.id, operation, confirm), open.volume.name);
          }}
        />
      )}
    </>
  );
}

function Group({ group }: { group: VolumeGroup }) {
  const used = group.size_bytes - group.free_bytes;
  return (
    <div className={styles.group}>
      <div className="spread">
        <span className={styles.name}>{group.name}</span>
        <span className="number muted">
          {formatBytes(group.free_bytes)} free of {formatBytes(group.size_bytes)}
        </span>
      </div>
      <Meter share={used / Math.max(1, group.size_bytes)} label={`${group.name} used`} />
    </div>
  );
}

function columns(
  reason: string | null,
  open: (open: Open) => void,
  adopt: (volume: Volume) => void,
): readonly TableColumn<Volume>[] {
  return [
    {
      key: "name",
      title: "Name",
      cell: (volume) => (
        <span>
          <span className={styles.name}>{volume.name}</span>
          {!volume.managed && <span className={styles.tag}>not managed</span>}
        </span>
      ),
    },
    { key: "group", title: "Group", cell: (volume) => volume.volume_group },
    {
      key: "size",
      title: "Size",
      number: true,
      cell: (volume) => formatBytes(volume.size_bytes),
    },
    {
      key: "type",
      title: "Type",
      cell: ({ segment_type, origin }) => (
        <span>
          {segment_type}
          {origin && <span className="muted"> snapshot of {origin}</span>}
        </span>
      ),
    },
    {
      key: "filled",
      title: "Filled",
      number: true,
      cell: ({ data_basis_points: filled }) =>
        typeof filled === "number" ? (
          `${(filled / 100).toFixed(1)} %`
        ) : (
          <span className="muted">whole</span>
        ),
    },
    { key: "attributes", title: "Attributes", cell: (volume) => <code>{volume.attributes}</code> },
    {
      key: "actions",
      title: "Actions",
      silent: true,
      cell: (volume) => (
        <div className={styles.actions}>
          {!volume.managed && (
            <Button
              small
              aria-label={`Adopt ${volume.name}`}
              disabledReason={reason}
              onClick={() => adopt(volume)}
            >
              Adopt
            </Button>
          )}
          <Button
            small
            aria-label={`Snapshot ${volume.name}`}
            disabledReason={reason}
            onClick={() => open({ what: "snapshot", volume })}
          >
            Snapshot
          </Button>
          <Button
            small
            look="danger"
            aria-label={`Remove ${volume.name}`}
            disabledReason={
              reason ??
              (volume.managed ? null : "Only a volume under management is removed: adopt it first.")
            }
            onClick={() => open({ what: "remove", volume })}
          >
            Remove
          </Button>
        </div>
      ),
    },
  ];
}
