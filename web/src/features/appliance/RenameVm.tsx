import { useState } from "react";

import type { Vm } from "../../api/types";
import { TextField } from "../../ui/Field";
import { vmNameError } from "./names";
import { OperationForm } from "./OperationForm";

interface RenameVmProps {
  appliance: string;
  vm: Vm;
  onClose: () => void;
}

export default function RenameVm({ appliance, vm, onClose }: RenameVmProps) {
  const [name, setName] = useState(vm.name);
  const ready = name !== "" && name !== vm.name && !vmNameError(name);
  return (
    <OperationForm
      title={`Rename ${vm.name}`}
      action="Rename"
      appliance={appliance}
      subject={vm.name}
      operation={ready ? { kind: "vm_rename", vm: vm.uuid, name } : null}
      incomplete="Give another name first"
      fields={["name"]}
      onClose={onClose}
    >
      {(refused) => (
        <TextField
          label="New name"
          hint="A VM that runs has it at once. Its volumes and files keep theirs."
          value={name}
          onChange={(event) => setName(event.target.value.trim())}
          error={vmNameError(name) ?? refused.name}
          autoFocus
          autoComplete="off"
          spellCheck={false}
        />
      )}
    </OperationForm>
  );
}
