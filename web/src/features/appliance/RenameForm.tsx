import { useState } from "react";

import type { OperationRequest } from "../../api/types";
import { NameField } from "../../ui/Field";
import { OperationForm } from "./OperationForm";

interface RenameFormProps {
  appliance: string;
  /** What it is called now. */
  name: string;
  hint?: string;
  nameError: (name: string) => string | null;
  operation: (name: string) => OperationRequest;
  onClose: () => void;
}

/** Asks for another name. */
export function RenameForm(props: RenameFormProps) {
  const { appliance, name: before, hint, nameError, operation, onClose } = props;
  const [name, setName] = useState(before);
  const ready = name !== "" && name !== before && !nameError(name);
  return (
    <OperationForm
      title={`Rename ${before}`}
      action="Rename"
      appliance={appliance}
      subject={before}
      operation={ready ? operation(name) : null}
      incomplete="Give another name first"
      fields={["name"]}
      onClose={onClose}
    >
      {(refused) => (
        <NameField
          label="New name"
          hint={hint}
          value={name}
          onChange={(event) => setName(event.target.value.trim())}
          error={nameError(name) ?? refused.name}
          autoFocus
        />
      )}
    </OperationForm>
  );
}
