import { useId, type ComponentProps, type ReactNode } from "react";

import styles from "./Field.module.css";

interface Around {
  label: string;
  hint?: ReactNode;
  error?: string | null | undefined;
}

type TextFieldProps = Around & ComponentProps<"input">;

export function TextField({ label, hint, error, className, ...rest }: TextFieldProps) {
  const ids = useIds(hint, error);
  return (
    <Frame label={label} hint={hint} error={error} ids={ids} className={className}>
      <input
        {...rest}
        id={ids.field}
        className={styles.input}
        aria-describedby={ids.described}
        aria-invalid={error ? true : undefined}
      />
    </Frame>
  );
}

/** A text that is meant letter by letter, such as a name or a path: no browser completes or corrects it. */
export function NameField(props: TextFieldProps) {
  return <TextField autoComplete="off" autoCapitalize="none" spellCheck={false} {...props} />;
}

type AreaFieldProps = Around & {
  /** A few lines of prose. */
  short?: boolean;
} & ComponentProps<"textarea">;

/** A text of several lines. */
export function AreaField({ label, hint, error, className, short, ...rest }: AreaFieldProps) {
  const ids = useIds(hint, error);
  return (
    <Frame label={label} hint={hint} error={error} ids={ids} className={className}>
      <textarea
        {...rest}
        id={ids.field}
        className={`${styles.input} ${short ? styles.short : styles.area}`}
        aria-describedby={ids.described}
        aria-invalid={error ? true : undefined}
      />
    </Frame>
  );
}

type SelectFieldProps = Around & ComponentProps<"select">;

export function SelectField({ label, hint, error, className, ...rest }: SelectFieldProps) {
  const ids = useIds(hint, error);
  return (
    <Frame label={label} hint={hint} error={error} ids={ids} className={className}>
      <select
        {...rest}
        id={ids.field}
        className={`${styles.input} ${styles.select}`}
        aria-describedby={ids.described}
        aria-invalid={error ? true : undefined}
      />
    </Frame>
  );
}

export function CheckField({
  label,
  hint,
  ...rest
}: { label: string; hint?: ReactNode } & ComponentProps<"input">) {
  const id = useId();
  return (
    <label className={styles.check}>
      <input {...rest} type="checkbox" aria-describedby={hint ? id : undefined} />
      <span>
        {label}
        {hint && (
          <span id={id} className={styles.hint}>
            {hint}
          </span>
        )}
      </span>
    </label>
  );
}

/** Fields that belong together, under one name. */
export function FieldGroup({ title, children }: { title: string; children: ReactNode }) {
  return (
    <fieldset className={styles.group}>
      <legend className={styles.legend}>{title}</legend>
      {children}
    </fieldset>
  );
}

/** Fields beside each other, where there is room. */
export function FieldRow({ children }: { children: ReactNode }) {
  return <div className={styles.row}>{children}</div>;
}

interface ChoiceFieldProps<K extends string> {
  label: string;
  value: K;
  choices: ReadonlyArray<readonly [K, string, ReactNode?]>;
  onChange: (value: K) => void;
}

/** One of a few, all of them in view. */
export function ChoiceField<K extends string>(props: ChoiceFieldProps<K>) {
  const { label, value: held, choices, onChange } = props;
  const name = useId();
  return (
    <FieldGroup title={label}>
      {choices.map(([value, word, hint]) => (
        <label key={value} className={styles.check}>
          <input
            type="radio"
            name={name}
            value={value}
            checked={held === value}
            onChange={() => onChange(value)}
          />
          <span>
            {word}
            {hint && <span className={styles.hint}>{hint}</span>}
          </span>
        </label>
      ))}
    </FieldGroup>
  );
}

interface Ids {
  field: string;
  hint: string;
  error: string;
  described: string | undefined;
}

function useIds(hint: ReactNode, error: string | null | undefined): Ids {
  const id = useId();
  const ids = { field: `${id}f`, hint: `${id}h`, error: `${id}e` };
  const described = [error && ids.error, hint && ids.hint].filter(Boolean).join(" ");
  return { ...ids, described: described === "" ? undefined : described };
}

function Frame({
  label,
  hint,
  error,
  ids,
  className,
  children,
}: Around & { ids: Ids; className?: string | undefined; children: ReactNode }) {
  return (
    <div className={`${styles.field} ${className ?? ""}`}>
      <label htmlFor={ids.field}>{label}</label>
      {children}
      {error && (
        <span id={ids.error} className={styles.error}>
          {error}
        </span>
      )}
      {hint && (
        <span id={ids.hint} className={styles.hint}>
          {hint}
        </span>
      )}
    </div>
  );
}
