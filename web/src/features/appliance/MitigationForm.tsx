import { useState } from "react";

import { MITIGATIONS, mitigationTitle } from "../../api/mitigations";
import type { Mitigation } from "../../api/types";
import { CheckField } from "../../ui/Field";
import { OperationForm } from "./OperationForm";

interface MitigationFormProps {
  appliance: { readonly id: string; readonly name: string };
  which: Mitigation;
  kind: "mitigation_apply" | "mitigation_revert";
  /** Why nothing may be changed now, where only a look is possible. */
  changing: string | null;
  onClose: () => void;
}

/** Applies a mitigation or takes it back, or only asks what that would change. */
export default function MitigationForm(props: MitigationFormProps) {
  const { appliance, which, kind, changing, onClose } = props;
  const [dryRun, setDryRun] = useState(true);
  const isApply = kind === "mitigation_apply";
  const action = isApply ? "Apply" : "Revert";
  return (
    <OperationForm
      title={isApply ? "Apply a mitigation" : "Revert a mitigation"}
      action={dryRun ? "Say what would change" : action}
      appliance={appliance.id}
      subject={`${mitigationTitle(which)} on ${appliance.name}`}
      operation={dryRun || changing === null ? { kind, which, dry_run: dryRun } : null}
      incomplete={changing ?? ""}
      onClose={onClose}
    >
      <p>
        <strong>{mitigationTitle(which)}</strong> on {appliance.name}.{" "}
        {isApply
          ? `${MITIGATIONS[which]?.effect ?? ""} A copy of each file that is changed is kept, and it can be taken back.`
          : "The files become what they were before it was applied, and the running kernel with them where it can."}
      </p>
      <CheckField
        label="Only say what would be changed"
        hint="The answer is shown beside the mitigation, and on the operation’s page."
        checked={dryRun}
        onChange={(event) => setDryRun(event.target.checked)}
      />
    </OperationForm>
  );
}
