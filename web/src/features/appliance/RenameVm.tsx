import type { Vm } from "../../api/types";
import { vmNameError } from "./names";
import { RenameForm } from "./RenameForm";

interface RenameVmProps {
  appliance: string;
  vm: Vm;
  onClose: () => void;
}

export default function RenameVm({ appliance, vm, onClose }: RenameVmProps) {
  return (
    <RenameForm
      appliance={appliance}
      name={vm.name}
      hint="A VM that runs has it at once. Its volumes and files keep theirs."
      nameError={vmNameError}
      operation={(name) => ({ kind: "vm_rename", vm: vm.uuid, name })}
      onClose={onClose}
    />
  );
}
