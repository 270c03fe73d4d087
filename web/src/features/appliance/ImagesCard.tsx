import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { lazy, Suspense, useState } from "react";

import { imageVerdicts, requestOperation } from "../../api/queries";
import type { ApplianceDetail, Operation, Vm, Volume, VolumeGroup } from "../../api/types";
import { ask, useActiveOn } from "../../live/operations";
import { Button } from "../../ui/Button";
import { Reasons } from "../../ui/ImageFacts";
import { Card } from "../../ui/Page";
import { VerdictBadge, VmStateBadge } from "../../ui/states";
import { Table, type TableColumn } from "../../ui/Table";
import { Time } from "../../ui/Time";
import styles from "./AppliancePage.module.css";
import type { ImageDialog, ImageReasons } from "./ImageMenu";
import { imageOf, imagesOf, keyOf, lastVerdicts, type DiskImage, type LastVerdict } from "./images";
import { heldReason } from "./locks";
import { useAskReason } from "./useAppliance";
import { Working } from "./Working";

const ImageMenu = lazy(() => import("./ImageMenu"));
const ConvertImage = lazy(() => import("./ConvertImage"));
const RepairImage = lazy(() => import("./RepairImage"));

interface ImagesCardProps {
  appliance: ApplianceDetail;
  vms: readonly Vm[];
  volumes: readonly Volume[];
  groups: readonly VolumeGroup[];
}

interface Open {
  readonly what: ImageDialog;
  readonly image: DiskImage;
}

/** The disks of all VMs: whether what they hold can be trusted, and what can be made of them. */
export function ImagesCard({ appliance, vms, volumes, groups }: ImagesCardProps) {
  const done = useQuery(imageVerdicts(appliance.id));
  const active = useActiveOn(appliance.id);
  const changing = useAskReason(appliance) ?? heldReason("storage", active);
  const reading = useAskReason(appliance, "nothing");
  const [open, setOpen] = useState<Open | null>(null);
  const images = imagesOf(vms, volumes);
  if (images.length === 0) return null;
  const verdicts = lastVerdicts(done.data?.operations ?? []);
  const look = (kind: "image_check" | "image_inspect", { at, volume, path }: DiskImage) => {
    const format = volume ? { format: "raw" as const } : {};
    void ask(requestOperation(appliance.id, { kind, image: at, ...format }), path);
  };
  const columns: readonly TableColumn<DiskImage>[] = [
    { key: "image", title: "Image", cell: ({ path }) => <code>{path}</code> },
    {
      key: "vm",
      title: "Disk of",
      cell: ({ vm, vdev }) => (
        <span>
          {vm.name} <span className="muted">{vdev}</span> <VmStateBadge state={vm.state} bare />
        </span>
      ),
    },
    { key: "format", title: "Format", cell: ({ format, volume }) => (volume ? "volume" : format) },
    {
      key: "verdict",
      title: "Last verdict",
      cell: ({ key }) => (
        <Found
          last={verdicts.get(key)}
          active={active.filter(({ operation }) => {
            const at = imageOf(operation);
            return at !== null && keyOf(at) === key;
          })}
        />
      ),
    },
    {
      key: "actions",
      title: "Actions",
      silent: true,
      cell: (image) => (
        <Actions
          image={image}
          reasons={{ read: reading, work: changing ?? notOff(image.vm) }}
          onLook={(kind) => look(kind, image)}
          onOpen={(what) => setOpen({ what, image })}
        />
      ),
    },
  ];
  return (
    <Card title="Disk images">
      <Table label="Disk images" columns={columns} rows={images} rowKey={({ key }) => key} />
      <Suspense>
        {open?.what === "convert" && (
          <ConvertImage
            appliance={appliance}
            image={open.image}
            vms={vms}
            virtualBytes={sizeOf(open.image, verdicts.get(open.image.key))}
            groups={groups}
            volumes={volumes}
            onClose={() => setOpen(null)}
          />
        )}
        {open?.what === "repair" && (
          <RepairImage appliance={appliance.id} image={open.image} onClose={() => setOpen(null)} />
        )}
      </Suspense>
    </Card>
  );
}

/** What is copied must not change meanwhile. */
function notOff(vm: Vm): string | null {
  return vm.state === "off" ? null : `Shut ${vm.name} down first.`;
}

function sizeOf({ volume }: DiskImage, last: LastVerdict | undefined): number | null {
  return volume?.size_bytes ?? (last?.judgement.virtualBytes || null);
}

function Found({ last, active }: { last: LastVerdict | undefined; active: readonly Operation[] }) {
  return (
    <div className={styles.condition}>
      {active.map((operation) => (
        <Working key={operation.id} seen={operation} />
      ))}
      {last ? (
        <>
          <span className="line">
            <VerdictBadge state={last.judgement.verdict} bare />
            <Link to="/operations/$id" params={{ id: last.operation }} className={styles.small}>
              <Time at={last.at} />
            </Link>
          </span>
          <Reasons reasons={last.judgement.reasons.slice(0, 2)} />
        </>
      ) : (
        active.length === 0 && <span className="muted">never checked</span>
      )}
    </div>
  );
}

interface ActionsProps {
  image: DiskImage;
  reasons: ImageReasons;
  onLook: (kind: "image_check" | "image_inspect") => void;
  onOpen: (dialog: ImageDialog) => void;
}

function Actions({ image, reasons, onLook, onOpen }: ActionsProps) {
  return (
    <div className={styles.actions}>
      <Button
        small
        aria-label={`Check ${image.path}`}
        disabledReason={reasons.read}
        onClick={() => onLook("image_check")}
      >
        Check
      </Button>
      <Suspense fallback={<span style={{ width: 28 }} />}>
        <ImageMenu
          image={image}
          reasons={reasons}
          onInspect={() => onLook("image_inspect")}
          onOpen={onOpen}
        />
      </Suspense>
    </div>
  );
}
