import { WITHIN } from "../api/within";
import { SelectField } from "./Field";

interface WithinFieldProps {
  label: string;
  /** In whole hours; nothing where it does not matter. */
  value: string | undefined;
  onChange: (value: string | undefined) => void;
}

/** How long ago something may be. */
export function WithinField({ label, value, onChange }: WithinFieldProps) {
  return (
    <SelectField
      label={label}
      value={WITHIN.find(([hours]) => hours === value)?.[0] ?? ""}
      onChange={(event) => onChange(event.target.value || undefined)}
    >
      <option value="">At any time</option>
      {WITHIN.map(([hours, words]) => (
        <option key={hours} value={hours}>
          {words}
        </option>
      ))}
    </SelectField>
  );
}
