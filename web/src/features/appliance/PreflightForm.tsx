import { useState } from "react";
import { useQuery } from "@tanstack/react-query";

import { ONLY_COPY, preflightOf, VM_EXCLUDED, type PreflightReport } from "../../api/preflight";
import { applianceVms } from "../../api/queries";
import { CheckField, FieldGroup, NameField } from "../../ui/Field";
import { OperationForm } from "./OperationForm";

interface PreflightFormProps {
  appliance: { id: string; name: string };
  /** What the last one found. */
  report: PreflightReport | null;
  onClose: () => void;
}

/** Looks what stands in the way, with what is left out and accepted by a person. */
export default function PreflightForm({ appliance, report, onClose }: PreflightFormProps) {
  const inventory = useQuery(applianceVms(appliance.id));
  const [excluded, setExcluded] = useState<readonly string[]>(report?.excluded ?? []);
  const [typed, setTyped] = useState<Readonly<Record<string, string>>>({});
  const vms = inventory.data?.vms ?? [];
  const asked = (report?.consents ?? []).filter(
    ({ code, vm }) =>
      code !== ONLY_COPY && code !== VM_EXCLUDED && !(vm !== null && excluded.includes(vm)),
  );
  const key = ({ code, vm, disk }: (typeof asked)[number]) => `${code} ${vm} ${disk}`;
  const given = asked.filter(
    (consent) => consent.isGiven || (typed[key(consent)] ?? "").trim() === consent.typed,
  );
  return (
    <OperationForm
      title="Run the preflight"
      action="Run it"
      appliance={appliance.id}
      subject={appliance.name}
      operation={preflightOf(excluded, given)}
      wide
      onClose={onClose}
    >
      <p>
        It changes nothing: it looks at VMs, disks and drives, and tells what stands in the way.
      </p>
      {vms.length > 0 && (
        <FieldGroup title="VMs that are left out">
          {vms.map(({ uuid, name }) => (
            <CheckField
              key={uuid}
              label={name}
              hint={
                excluded.includes(uuid)
                  ? "What it has on the system disk is gone after the reset."
                  : undefined
              }
              checked={excluded.includes(uuid)}
              onChange={(event) =>
                setExcluded(
                  event.target.checked
                    ? [...excluded, uuid]
                    : excluded.filter((other) => other !== uuid),
                )
              }
            />
          ))}
        </FieldGroup>
      )}
      {asked
        .filter(({ isGiven }) => !isGiven)
        .map((consent) => (
          <NameField
            key={key(consent)}
            label={`Type ${consent.typed} to accept it`}
            hint={consent.sentence}
            value={typed[key(consent)] ?? ""}
            onChange={(event) => setTyped({ ...typed, [key(consent)]: event.target.value })}
          />
        ))}
    </OperationForm>
  );
}
