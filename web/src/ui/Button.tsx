import type { ComponentProps, MouseEvent, ReactNode } from "react";

import styles from "./Button.module.css";
import { Tooltip } from "./Tooltip";

interface ButtonProps extends Omit<ComponentProps<"button">, "disabled"> {
  look?: "plain" | "primary" | "danger" | "quiet";
  small?: boolean;
  /** For a button that shows an icon alone: what it does. Shown as a tooltip. */
  label?: string | undefined;
  /** Why it cannot be pressed now. It stays reachable, so that the reason can be read. */
  disabledReason?: string | null | undefined;
  /** What it stands for is under way. */
  busy?: boolean;
  children?: ReactNode;
}

export function Button(props: ButtonProps) {
  const { look = "plain", small, label, disabledReason, busy, onClick, className, ...rest } = props;
  const disabled = Boolean(disabledReason) || busy === true;
  const press = (event: MouseEvent<HTMLButtonElement>) => {
    if (disabled) event.preventDefault();
    else onClick?.(event);
  };
  const classes = [styles.button, styles[look], small && styles.small, label && styles.icon];
  return (
    <Tooltip text={disabledReason ?? label} describes={Boolean(disabledReason)}>
      <button
        type="button"
        {...rest}
        aria-label={label ?? rest["aria-label"]}
        aria-disabled={disabled || undefined}
        aria-busy={busy || undefined}
        className={[...classes, className].filter(Boolean).join(" ")}
        onClick={press}
      />
    </Tooltip>
  );
}
