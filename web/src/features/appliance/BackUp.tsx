import { useState } from "react";

import { oursId } from "../../api/backups";
import type { UsbDrive, Vm } from "../../api/types";
import { DriveName } from "../../ui/DriveFacts";
import { CheckField, FieldGroup } from "../../ui/Field";
import { count } from "../../ui/format";
import { driveLabel } from "./DriveActions";
import type { LastQualification } from "./drives";
import { OperationForm } from "./OperationForm";
import { Unfit } from "./Unfit";

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
  const [shutDown, setShutDown] = useState(false);
  const [encrypted, setEncrypted] = useState(false);
  const running = possible.filter((vm) => chosen.includes(vm.uuid) && vm.state !== "off");
  const id = oursId(drive);
  const isReady = id !== null && chosen.length > 0 && (running.length === 0 || shutDown);
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
              shut_down: running.length > 0 && shutDown,
              encrypted,
            }
          : null
      }
      incomplete={
        chosen.length === 0 ? "Choose a VM first" : "Say that those that run may be shut down first"
      }
      fields={["vms", "drive"]}
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
            <CheckField
              label={`Shut down first what runs: ${running.map(({ name }) => name).join(", ")}`}
              hint="A VM is backed up while it is off. Those that ran are started again afterwards, whatever comes of it."
              checked={shutDown}
              onChange={(event) => setShutDown(event.target.checked)}
            />
          )}
          <CheckField
            label="Encrypt the set"
            hint={
              encrypted
                ? "The server keeps the key, and gives it to this organisation’s appliances. Without it the set cannot be read."
                : "Whoever holds the drive will hold all that is on these disks."
            }
            checked={encrypted}
            onChange={(event) => setEncrypted(event.target.checked)}
          />
          {(refused.vms ?? refused.drive) && <p role="alert">{refused.vms ?? refused.drive}</p>}
        </>
      )}
    </OperationForm>
  );
}

function hintOf(vm: Vm): string {
  if (!vm.config_path) return "No configuration file of it was found to back up.";
  return `${vm.state}, ${count(vm.disks.length, "disk")}`;
}
