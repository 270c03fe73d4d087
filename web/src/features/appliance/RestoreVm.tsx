import { useState } from "react";

import { setState } from "../../api/backups";
import type { BackupSet, OperationRequest, VolumeGroup } from "../../api/types";
import { CheckField, ChoiceField, NameField, SelectField } from "../../ui/Field";
import { count, formatBytes } from "../../ui/format";
import { SetCondition } from "../../ui/SetFacts";
import { Time } from "../../ui/Time";
import { pathError, vmNameError } from "./names";
import { OperationForm } from "./OperationForm";

interface RestoreVmProps {
  appliance: { id: string; name: string };
  set: BackupSet;
  groups: readonly VolumeGroup[];
  onClose: () => void;
}

type To = "folder" | "volume_group";
type Restored = Extract<OperationRequest, { kind: "backup_restore" }>["to"];

export default function RestoreVm({ appliance, set, groups, onClose }: RestoreVmProps) {
  const [vm, setVm] = useState(set.vms[0]?.uuid ?? "");
  const [to, setTo] = useState<To>(groups.length > 0 ? "volume_group" : "folder");
  const [path, setPath] = useState("");
  const [format, setFormat] = useState<"" | "raw" | "qcow2">("");
  const [group, setGroup] = useState(groups[0]?.name ?? "");
  const [isOther, setIsOther] = useState(false);
  const [asName, setAsName] = useState("");
  const saved = set.vms.find(({ uuid }) => uuid === vm);
  const target: Restored | null =
    to === "volume_group"
      ? group === ""
        ? null
        : { volume_group: group }
      : path === "" || pathError(path)
        ? null
        : { folder: { path, ...(format === "" ? {} : { format }) } };
  const isNamed = !isOther || (asName !== "" && !vmNameError(asName));
  const isReady = saved !== undefined && target !== null && isNamed;
  return (
    <OperationForm
      title="Restore a VM"
      action="Restore"
      appliance={appliance.id}
      subject={saved?.name ?? ""}
      operation={
        isReady
          ? {
              kind: "backup_restore",
              drive: set.drive,
              set: set.set,
              vm,
              to: target,
              ...(isOther ? { as_name: asName } : {}),
            }
          : null
      }
      incomplete={
        target === null ? "Say where its disks go first" : "Say what the other VM is called first"
      }
      fields={["to", "format", "as_name"]}
      wide
      onClose={onClose}
    >
      {(refused) => (
        <>
          <p>
            Out of the set of <Time at={set.created_at} full />, onto {appliance.name}. The VM is
            not started, and nothing that is there is overwritten.
          </p>
          <SetCondition set={set} />
          {setState(set) !== "verified" && (
            <p>
              What is damaged is found while it is read: then nothing is restored rather than
              something that is not what the guest wrote.
            </p>
          )}
          <SelectField label="VM" value={vm} onChange={(event) => setVm(event.target.value)}>
            {set.vms.map(({ uuid, name, disks }) => (
              <option key={uuid} value={uuid}>
                {name}, {count(disks.length, "disk")},{" "}
                {formatBytes(disks.reduce((sum, disk) => sum + disk.virtual_bytes, 0))}
              </option>
            ))}
          </SelectField>
          <CheckField
            label="As another VM, which can run beside it"
            hint="It gets a new UUID and new MAC addresses. What its guest knows of itself stays: give it no network until that is changed."
            checked={isOther}
            onChange={(event) => setIsOther(event.target.checked)}
          />
          {isOther && (
            <NameField
              label="Its name"
              value={asName}
              onChange={(event) => setAsName(event.target.value)}
              error={vmNameError(asName) ?? refused.as_name}
            />
          )}
          <ChoiceField<To>
            label="Where its disks go"
            value={to}
            choices={[
              ...(groups.length > 0 ? [["volume_group", "New volumes"] as const] : []),
              ["folder", "New files in a folder"],
            ]}
            onChange={setTo}
          />
          {to === "volume_group" ? (
            <SelectField
              label="Volume group"
              value={group}
              onChange={(event) => setGroup(event.target.value)}
              error={refused.to}
            >
              {groups.map(({ uuid, name, free_bytes }) => (
                <option key={uuid} value={name}>
                  {name}, {formatBytes(free_bytes)} free
                </option>
              ))}
            </SelectField>
          ) : (
            <>
              <NameField
                label="Folder"
                hint="Such as /data/vms/restored. It is made where it is not there."
                value={path}
                onChange={(event) => setPath(event.target.value)}
                error={pathError(path) ?? refused.to}
              />
              <SelectField
                label="Format of its disks"
                value={format}
                onChange={(event) => setFormat(event.target.value as typeof format)}
                error={refused.format}
              >
                <option value="">as they were</option>
                <option value="raw">raw</option>
                <option value="qcow2">qcow2</option>
              </SelectField>
            </>
          )}
        </>
      )}
    </OperationForm>
  );
}
