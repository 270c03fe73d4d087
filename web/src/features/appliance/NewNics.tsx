import { Button } from "../../ui/Button";
import { FieldRow, NameField } from "../../ui/Field";
import { macError, type DraftNic } from "./newNic";
import styles from "./Parts.module.css";

interface NewNicsProps {
  drafts: readonly DraftNic[];
  onChange: (drafts: readonly DraftNic[]) => void;
}

/** Network cards that are to be attached. */
export function NewNics({ drafts, onChange }: NewNicsProps) {
  const add = () => {
    const key = Math.max(0, ...drafts.map((draft) => draft.key)) + 1;
    onChange([...drafts, { key, bridge: "", mac: "", model: "" }]);
  };
  const put = (changed: DraftNic) =>
    onChange(drafts.map((draft) => (draft.key === changed.key ? changed : draft)));
  return (
    <>
      {drafts.map((draft, index) => (
        <fieldset key={draft.key} className={styles.part}>
          <legend>Network card {index + 1}</legend>
          <FieldRow>
            <NameField
              label="Bridge"
              hint="Xen's own default where it is empty."
              value={draft.bridge}
              onChange={(event) => put({ ...draft, bridge: event.target.value.trim() })}
            />
            <NameField
              label="MAC address"
              hint="A new one where it is empty."
              value={draft.mac}
              onChange={(event) => put({ ...draft, mac: event.target.value.trim() })}
              error={macError(draft.mac)}
            />
            <NameField
              label="Model"
              hint="For HVM, such as e1000."
              value={draft.model}
              onChange={(event) => put({ ...draft, model: event.target.value.trim() })}
            />
          </FieldRow>
          <Button
            small
            aria-label={`Leave out network card ${index + 1}`}
            onClick={() => onChange(drafts.filter(({ key }) => key !== draft.key))}
          >
            Leave out
          </Button>
        </fieldset>
      ))}
      <Button small onClick={add} style={{ justifySelf: "start" }}>
        Add a network card
      </Button>
    </>
  );
}
