import { useState } from "react";

import { oursId } from "../../api/backups";
import type { UsbDrive, Vm } from "../../api/types";
import { DriveName } from "../../ui/DriveFacts";
import { CheckField, ChoiceField, FieldGroup } from "../../ui/Field";
import { count } from "../../ui/format";
import { SetOptions } from "../../ui/SetOptions";
import { driveLabel } from "./DriveActions";
import type { LastQualification } from "./drives";
import { OperationForm } from "./OperationForm";
import { Unfit } from "./Unfit";

type How = "" | "snapshot" | "shut_down";

const HOW: ReadonlyArray<readonly [How, string, string]> = [
  [
    "snapshot",
    "Leave it running, and copy snapshots of its disks",
    "Needs logical volumes. It stands still for about a second; what is restored is as after a loss of power.",
  ],
  [
    "shut_down",
    "Shut it down first",
    "It is started again afterwards, whatever comes of the backup.",
  ],
];

interface BackUpProps {
  appliance: string;
  drive: UsbDrive;
  vms: readonly Vm[];
  last: LastQualification | null;
  onClose: () => void;
}

export default function BackUp({ appliance, drive, vms, last, onClose }: BackUpProps) {
  const possible = vms.filter((vm) => vm.config_path);
  const [chosen, setChosen] = useState<readonly string[]>(() =>
    possible.filter(({ state }) => state === "off").map(({ uuid }) => uuid),
  );
  const [how, setHow] = useState<How>("");
  const [makeup, setMakeup] = useState({ encrypted: false, parity: false });
  const running = possible.filter((vm) => chosen.includes(vm.uuid) && vm.state !== "off");
  const id = oursId(drive);
  const isReady = id !== null && chosen.length > 0 && (running.length === 0 || how !== "");
  return (
    <OperationForm
      title="Back up now"
      action={`Back up ${count(chosen.length, "VM")}`}
      appliance={appliance}
      subject={`onto ${driveLabel(drive)}`}
      operation={
        isReady
          ? {
              kind: "backup_create",
              drive: id,
              vms: [...chosen],
              shut_down: running.length > 0 && how === "shut_down",
              snapshot: running.length > 0 && how === "snapshot",
              ...makeup,
            }
          : null
      }
      incomplete={chosen.length === 0 ? "Choose a VM first" : "Say what becomes of those that run"}
      fields={["vms", "drive", "snapshot"]}
      wide
      onClose={onClose}
    >
      {(refused) => (
        <>
          <Unfit last={last} />
          <p>
            Onto <DriveName drive={drive} />. Every byte is read back before the set counts as
            verified.
          </p>
          <FieldGroup title="VMs">
            {vms.map((vm) => (
              <CheckField
                key={vm.uuid}
                label={vm.name}
                hint={hintOf(vm)}
                checked={chosen.includes(vm.uuid)}
                disabled={!vm.config_path}
                onChange={(event) =>
                  setChosen(
                    event.target.checked
                      ? [...chosen, vm.uuid]
                      : chosen.filter((uuid) => uuid !== vm.uuid),
                  )
                }
              />
            ))}
          </FieldGroup>
          {running.length > 0 && (
            <ChoiceField<How>
              label={`What becomes of what runs: ${running.map(({ name }) => name).join(", ")}`}
              value={how}
              choices={HOW}
              onChange={setHow}
            />
          )}
          <SetOptions value={makeup} onChange={setMakeup} />
          {(refused.vms ?? refused.drive ?? refused.snapshot) && (
            <p role="alert">{refused.vms ?? refused.drive ?? refused.snapshot}</p>
          )}
        </>
      )}
    </OperationForm>
  );
}

function hintOf(vm: Vm): string {
  if (!vm.config_path) return "No configuration file of it was found to back up.";
  return `${vm.state}, ${count(vm.disks.length, "disk")}`;
}
