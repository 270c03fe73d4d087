import { useState } from "react";

import type { NewDisk, NewNic, OperationRequest, Vm } from "../../api/types";
import { CheckField, FieldGroup, FieldRow, TextField } from "../../ui/Field";
import { newDiskOf, type DraftDisk } from "./newDisk";
import { NewDisks } from "./NewDisks";
import { newNicOf, type DraftNic } from "./newNic";
import { NewNics } from "./NewNics";
import type { Storage } from "./NewVolumeFields";
import { OperationForm } from "./OperationForm";

interface ChangeVmProps extends Storage {
  appliance: string;
  vm: Vm;
  onClose: () => void;
}

export default function ChangeVm({ appliance, vm, groups, volumes, onClose }: ChangeVmProps) {
  const had = { memory: String(Math.round(vm.memory_bytes / 2 ** 20)), vcpus: String(vm.vcpus) };
  const [memory, setMemory] = useState(had.memory);
  const [vcpus, setVcpus] = useState(had.vcpus);
  const [lostDisks, setLostDisks] = useState<readonly string[]>([]);
  const [lostNics, setLostNics] = useState<readonly string[]>([]);
  const [disks, setDisks] = useState<readonly DraftDisk[]>([]);
  const [nics, setNics] = useState<readonly DraftNic[]>([]);
  const staying = vm.disks.map(({ vdev }) => vdev).filter((vdev) => !lostDisks.includes(vdev));
  const operation = changeOf(vm, {
    memory: memory === had.memory ? null : Number(memory),
    vcpus: vcpus === had.vcpus ? null : Number(vcpus),
    lostDisks,
    lostNics,
    disks: disks.map(newDiskOf),
    nics: nics.map(newNicOf),
  });
  return (
    <OperationForm
      title={`Change ${vm.name}`}
      action="Change"
      appliance={appliance}
      subject={vm.name}
      operation={operation}
      incomplete="Change something first"
      fields={["memory_mib", "vcpus"]}
      wide
      onClose={onClose}
    >
      {(refused) => (
        <>
          <p>
            Everything but the name takes effect when <strong>{vm.name}</strong> is started next.
          </p>
          <FieldRow>
            <TextField
              label="Memory in MiB"
              type="number"
              min={1}
              value={memory}
              onChange={(event) => setMemory(event.target.value)}
              error={refused.memory_mib}
              autoFocus
            />
            <TextField
              label="Virtual CPUs"
              type="number"
              min={1}
              value={vcpus}
              onChange={(event) => setVcpus(event.target.value)}
              error={refused.vcpus}
            />
          </FieldRow>
          {vm.disks.length > 0 && (
            <FieldGroup title="Disks that stay">
              {vm.disks.map(({ vdev, target }) => (
                <Staying
                  key={vdev}
                  name={vdev}
                  what={target ?? "empty"}
                  lost={lostDisks}
                  onChange={setLostDisks}
                />
              ))}
            </FieldGroup>
          )}
          <NewDisks
            drafts={disks}
            taken={staying}
            groups={groups}
            volumes={volumes}
            onChange={setDisks}
          />
          {vm.macs.length > 0 && (
            <FieldGroup title="Network cards that stay">
              {vm.macs.map((mac) => (
                <Staying key={mac} name={mac} lost={lostNics} onChange={setLostNics} />
              ))}
            </FieldGroup>
          )}
          <NewNics drafts={nics} onChange={setNics} />
        </>
      )}
    </OperationForm>
  );
}

interface StayingProps {
  name: string;
  what?: string;
  lost: readonly string[];
  onChange: (lost: readonly string[]) => void;
}

/** What is taken away from the VM stays where it is. */
function Staying({ name, what, lost, onChange }: StayingProps) {
  return (
    <CheckField
      label={name}
      hint={what}
      checked={!lost.includes(name)}
      onChange={(event) =>
        onChange(event.target.checked ? lost.filter((other) => other !== name) : [...lost, name])
      }
    />
  );
}

interface Changes {
  readonly memory: number | null;
  readonly vcpus: number | null;
  readonly lostDisks: readonly string[];
  readonly lostNics: readonly string[];
  /** Nothing in place of those that are not complete. */
  readonly disks: ReadonlyArray<NewDisk | null>;
  readonly nics: ReadonlyArray<NewNic | null>;
}

/** What is asked for: only what changes, and nothing while it is not complete. */
export function changeOf(vm: Vm, changes: Changes): OperationRequest | null {
  const { memory, vcpus, lostDisks, lostNics } = changes;
  const disks = changes.disks.filter((disk) => disk !== null);
  const nics = changes.nics.filter((nic) => nic !== null);
  const isWhole = disks.length === changes.disks.length && nics.length === changes.nics.length;
  const numbers = [memory, vcpus].filter((number) => number !== null);
  if (!isWhole || !numbers.every((number) => Number.isInteger(number) && number > 0)) return null;
  const change = {
    ...(memory === null ? {} : { memory_mib: memory }),
    ...(vcpus === null ? {} : { vcpus }),
    ...(lostDisks.length === 0 ? {} : { remove_disks: [...lostDisks] }),
    ...(lostNics.length === 0 ? {} : { remove_nics: [...lostNics] }),
    ...(disks.length === 0 ? {} : { add_disks: disks }),
    ...(nics.length === 0 ? {} : { add_nics: nics }),
  };
  if (Object.keys(change).length === 0) return null;
  return { kind: "vm_change", vm: vm.uuid, ...change };
}
