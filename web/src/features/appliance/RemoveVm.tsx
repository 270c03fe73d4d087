import { useState } from "react";

import type { Vm } from "../../api/types";
import { ChoiceField } from "../../ui/Field";
import { OperationForm } from "./OperationForm";

interface RemoveVmProps {
  appliance: { id: string; name: string };
  vm: Vm;
  onClose: () => void;
}

export default function RemoveVm({ appliance, vm, onClose }: RemoveVmProps) {
  const [disks, setDisks] = useState<"keep" | "remove">("keep");
  return (
    <OperationForm
      title="Remove the VM"
      action="Remove"
      appliance={appliance.id}
      subject={vm.name}
      operation={{ kind: "vm_remove", vm: vm.uuid, disks }}
      phrase={vm.name}
      onClose={onClose}
    >
      <p>
        The configuration of <strong>{vm.name}</strong> on {appliance.name} is removed: the VM is
        not there any more.
      </p>
      <ChoiceField
        label="Its disks"
        value={disks}
        choices={[
          ["keep", "stay", "Volumes and files are left as they are."],
          [
            "remove",
            "are removed with all that is on them",
            "Only managed volumes that nothing else uses; files and other volumes stay. They cannot be brought back.",
          ],
        ]}
        onChange={setDisks}
      />
    </OperationForm>
  );
}
