import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense, useState } from "react";

import { applianceVms, applianceVolumes } from "../../api/queries";
import type { VolumeGroup } from "../../api/types";
import { useActiveOn } from "../../live/operations";
import { Button } from "../../ui/Button";
import { EmptyState, Loading } from "../../ui/EmptyState";
import { formatBytes } from "../../ui/format";
import { Card } from "../../ui/Page";
import { ProblemNote } from "../../ui/ProblemNote";
import { Meter } from "../../ui/ProgressBar";
import { Time } from "../../ui/Time";
import styles from "./AppliancePage.module.css";
import { ImagesCard } from "./ImagesCard";
import { heldReason } from "./locks";
import { PoolsCard } from "./PoolsCard";
import { useAppliance, useAskReason } from "./useAppliance";
import { VolumesCard } from "./VolumesCard";

const CreateVolume = lazy(() => import("./CreateVolume"));
const CreatePool = lazy(() => import("./CreatePool"));

export function StorageTab() {
  const appliance = useAppliance();
  const { data, error, refetch } = useQuery(applianceVolumes(appliance.id));
  const inventory = useQuery(applianceVms(appliance.id));
  const active = useActiveOn(appliance.id);
  const general = useAskReason(appliance);
  const [open, setOpen] = useState<"volume" | "pool" | null>(null);
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
  const vms = inventory.data?.vms ?? [];
  const pools = volumes.filter(({ segment_type }) => segment_type === "thin-pool");
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
            <Button small disabledReason={reason ?? noGroup} onClick={() => setOpen("pool")}>
              Create thin pool
            </Button>
            <Button small disabledReason={reason ?? noGroup} onClick={() => setOpen("volume")}>
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
      {pools.length > 0 && <PoolsCard pools={pools} volumes={volumes} />}
      {volumes.length > 0 && (
        <VolumesCard
          appliance={appliance}
          volumes={volumes}
          groups={groups}
          vms={vms}
          reason={reason}
        />
      )}
      <ImagesCard appliance={appliance} vms={vms} volumes={volumes} groups={groups} />
      <Suspense>
        {open === "volume" && (
          <CreateVolume
            appliance={appliance.id}
            groups={groups}
            volumes={volumes}
            onClose={close}
          />
        )}
        {open === "pool" && <CreatePool appliance={appliance.id} groups={groups} onClose={close} />}
      </Suspense>
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
