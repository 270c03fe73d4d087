import { lazy, Suspense, useState } from "react";

import { requestOperation } from "../../api/queries";
import type { ApplianceDetail, Vm, Volume, VolumeGroup } from "../../api/types";
import { ask, asked } from "../../live/operations";
import { Button } from "../../ui/Button";
import { ConfirmByTyping } from "../../ui/ConfirmByTyping";
import { formatBytes } from "../../ui/format";
import { Card } from "../../ui/Page";
import { Table, type TableColumn } from "../../ui/Table";
import styles from "./AppliancePage.module.css";
import type { VolumeDialog } from "./VolumeMenu";
import { userOf, volumeReasons, type VolumeReasons } from "./volumeReasons";

const VolumeMenu = lazy(() => import("./VolumeMenu"));
const SnapshotVolume = lazy(() => import("./SnapshotVolume"));
const GrowVolume = lazy(() => import("./GrowVolume"));
const RenameVolume = lazy(() => import("./RenameVolume"));

interface VolumesCardProps {
  appliance: ApplianceDetail;
  volumes: readonly Volume[];
  groups: readonly VolumeGroup[];
  vms: readonly Vm[];
  /** Why nothing can be asked of the appliance's storage now. */
  reason: string | null;
}

interface Open {
  readonly what: VolumeDialog;
  readonly volume: Volume;
}

export function VolumesCard({ appliance, volumes, groups, vms, reason }: VolumesCardProps) {
  const [open, setOpen] = useState<Open | null>(null);
  const adopt = (volume: Volume) => {
    const operation = { kind: "volume_adopt", volume: volume.lv_uuid } as const;
    void ask(requestOperation(appliance.id, operation), volume.name);
  };
  const columns: readonly TableColumn<Volume>[] = [
    ...COLUMNS,
    {
      key: "user",
      title: "Disk of",
      cell: (volume) => userOf(volume, vms)?.name ?? <span className="muted">no VM</span>,
    },
    {
      key: "actions",
      title: "Actions",
      silent: true,
      cell: (volume) => (
        <Actions
          volume={volume}
          reasons={volumeReasons(volume, { volumes, vms, general: reason })}
          onAdopt={() => adopt(volume)}
          onOpen={(what) => setOpen({ what, volume })}
        />
      ),
    },
  ];
  return (
    <Card title="Volumes">
      <Table label="Volumes" columns={columns} rows={volumes} rowKey={({ lv_uuid }) => lv_uuid} />
      {open && (
        <Suspense>
          <Dialogs
            appliance={appliance}
            groups={groups}
            open={open}
            onClose={() => setOpen(null)}
          />
        </Suspense>
      )}
    </Card>
  );
}

interface ActionsProps {
  volume: Volume;
  reasons: VolumeReasons;
  onAdopt: () => void;
  onOpen: (dialog: VolumeDialog) => void;
}

function Actions({ volume, reasons, onAdopt, onOpen }: ActionsProps) {
  return (
    <div className={styles.actions}>
      {volume.managed ? (
        <Button
          small
          aria-label={`Snapshot ${volume.name}`}
          disabledReason={reasons.snapshot}
          onClick={() => onOpen("snapshot")}
        >
          Snapshot
        </Button>
      ) : (
        <Button
          small
          aria-label={`Adopt ${volume.name}`}
          disabledReason={reasons.adopt}
          onClick={onAdopt}
        >
          Adopt
        </Button>
      )}
      <Suspense fallback={<span style={{ width: 28 }} />}>
        <VolumeMenu volume={volume} reasons={reasons} onAdopt={onAdopt} onOpen={onOpen} />
      </Suspense>
    </div>
  );
}

interface DialogsProps {
  appliance: ApplianceDetail;
  groups: readonly VolumeGroup[];
  open: Open;
  onClose: () => void;
}

function Dialogs({ appliance, groups, open: { what, volume }, onClose }: DialogsProps) {
  const { id, name } = appliance;
  const group = groups.find((candidate) => candidate.name === volume.volume_group);
  const full = `${volume.volume_group}/${volume.name}`;
  switch (what) {
    case "snapshot":
      return <SnapshotVolume appliance={id} volume={volume} onClose={onClose} />;
    case "grow":
      return <GrowVolume appliance={id} volume={volume} group={group} onClose={onClose} />;
    case "rename":
      return <RenameVolume appliance={id} volume={volume} onClose={onClose} />;
    case "revert":
      return (
        <ConfirmByTyping
          title="Revert to the snapshot"
          effect={
            <p>
              <strong>{volume.origin}</strong> on {name} gets the content back that it had when{" "}
              <strong>{volume.name}</strong> was taken. What was written since is lost, and the
              snapshot is used up.
            </p>
          }
          phrase={volume.origin ?? volume.name}
          action="Revert"
          onClose={onClose}
          onConfirm={async (confirm) => {
            const operation = { kind: "volume_revert", volume: volume.lv_uuid } as const;
            await asked(requestOperation(id, operation, confirm), volume.name);
          }}
        />
      );
    case "remove":
      return (
        <ConfirmByTyping
          title="Remove the volume"
          effect={
            <p>
              <strong>{full}</strong> ({formatBytes(volume.size_bytes)}) on {name} is removed with
              all that is on it. It cannot be brought back.
            </p>
          }
          phrase={volume.name}
          action="Remove"
          onClose={onClose}
          onConfirm={async (confirm) => {
            const operation = { kind: "volume_remove", volume: volume.lv_uuid } as const;
            await asked(requestOperation(id, operation, confirm), volume.name);
          }}
        />
      );
  }
}

const COLUMNS: readonly TableColumn<Volume>[] = [
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
  { key: "size", title: "Size", number: true, cell: (volume) => formatBytes(volume.size_bytes) },
  {
    key: "type",
    title: "Type",
    cell: ({ segment_type, origin, pool }) => (
      <span>
        {segment_type}
        {pool && <span className="muted"> in {pool}</span>}
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
];
