import { CheckField } from "./Field";

/** What a set can be made as. */
export interface SetMakeup {
  readonly encrypted: boolean;
  readonly parity: boolean;
}

interface SetOptionsProps<T extends SetMakeup> {
  value: T;
  onChange: (value: T) => void;
}

/** Whether sets are encrypted, and whether there is parity of them. */
export function SetOptions<T extends SetMakeup>({ value, onChange }: SetOptionsProps<T>) {
  return (
    <>
      <CheckField
        label="Encrypt the set"
        hint={
          value.encrypted
            ? "The server keeps the key, and gives it to this organisation’s appliances. Without it the set cannot be read."
            : "Whoever holds the drive will hold all that is on these disks."
        }
        checked={value.encrypted}
        onChange={(event) => onChange({ ...value, encrypted: event.target.checked })}
      />
      <CheckField
        label="Make parity of it"
        hint="A tenth of its size more, and some time. A drive that loses a few sectors is then mended from it."
        checked={value.parity}
        onChange={(event) => onChange({ ...value, parity: event.target.checked })}
      />
    </>
  );
}
