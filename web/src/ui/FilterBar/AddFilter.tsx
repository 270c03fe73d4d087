import { useState } from "react";

import { APPLIANCE_KEYS, type Comparison, type Term } from "../../api/filter";
import { Button } from "../Button";
import { Dialog, DialogButtons } from "../Dialog";
import { SelectField, TextField } from "../Field";

interface AddFilterProps {
  onAdd: (term: Term) => void;
  onClose: () => void;
}

/** Builds one term of the filter from lists, for whoever does not know the language yet. */
export default function AddFilter({ onAdd, onClose }: AddFilterProps) {
  const [key, setKey] = useState("presence");
  const [comparison, setComparison] = useState<Comparison>("=");
  const [value, setValue] = useState("");
  const field = APPLIANCE_KEYS.find((candidate) => candidate.key === key);
  const values = field?.values;
  const chosen = value || values?.[0] || "";
  const add = () => {
    if (chosen === "") return;
    onAdd({ kind: "field", key, comparison, values: [chosen] });
    onClose();
  };
  return (
    <Dialog title="Add to the filter" onClose={onClose}>
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          add();
        }}
      >
        <SelectField
          label="What"
          autoFocus
          value={key}
          onChange={(event) => {
            setKey(event.target.value);
            setComparison("=");
            setValue("");
          }}
        >
          {APPLIANCE_KEYS.map((candidate) => (
            <option key={candidate.key} value={candidate.key}>
              {candidate.label}
            </option>
          ))}
        </SelectField>
        <SelectField
          label="How"
          value={comparison}
          onChange={(event) => setComparison(event.target.value as Comparison)}
        >
          <option value="=">is</option>
          <option value="!=">is not</option>
          {!values && <option value="<">is below</option>}
          {!values && <option value=">">is above</option>}
          {!values && !field?.number && <option value="~">contains</option>}
        </SelectField>
        {values ? (
          <SelectField
            label="Value"
            value={chosen}
            onChange={(event) => setValue(event.target.value)}
          >
            {values.map((candidate) => (
              <option key={candidate} value={candidate}>
                {candidate.replaceAll("_", " ")}
              </option>
            ))}
          </SelectField>
        ) : (
          <TextField
            label="Value"
            type={field?.number ? "number" : "text"}
            value={value}
            onChange={(event) => setValue(event.target.value)}
          />
        )}
        <p className="muted">
          As text: <code>{`${key}${comparison}${chosen || "…"}`}</code>
        </p>
        <DialogButtons>
          <Button onClick={onClose}>Cancel</Button>
          <Button
            type="submit"
            look="primary"
            disabledReason={chosen === "" ? "Give a value first" : null}
          >
            Add
          </Button>
        </DialogButtons>
      </form>
    </Dialog>
  );
}
