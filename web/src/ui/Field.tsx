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
