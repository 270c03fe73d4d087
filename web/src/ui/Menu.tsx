import type { ReactNode } from "react";
import {
  Button as AriaButton,
  Menu as AriaMenu,
  MenuItem as AriaMenuItem,
  MenuTrigger,
  Popover,
  Separator,
} from "react-aria-components";

import buttons from "./Button.module.css";
import { CheckIcon } from "./icons";
import styles from "./Menu.module.css";

interface MenuProps {
  /** What the button is called. */
  label: string;
  /** What it shows, if not its name. */
  face?: ReactNode;
  look?: "plain" | "quiet";
  small?: boolean;
  children: ReactNode;
}

export function Menu({ label, face, look = "plain", small, children }: MenuProps) {
  const classes = [buttons.button, buttons[look], small && buttons.small, face && buttons.icon];
  return (
    <MenuTrigger>
      <AriaButton
        aria-label={face ? label : undefined}
        className={classes.filter(Boolean).join(" ")}
      >
        {face ?? label}
      </AriaButton>
      <Popover placement="bottom end" offset={6} className={styles.popover ?? ""}>
        <AriaMenu className={styles.menu ?? ""}>{children}</AriaMenu>
      </Popover>
    </MenuTrigger>
  );
}

interface MenuItemProps {
  children: string;
  onAction: () => void;
  /** Why it cannot be chosen now; it is shown under its name. */
  disabledReason?: string | null | undefined;
  danger?: boolean;
  /** One of several, and the one that holds. */
  chosen?: boolean;
}

export function MenuItem({ children, onAction, disabledReason, danger, chosen }: MenuItemProps) {
  return (
    <AriaMenuItem
      textValue={children}
      isDisabled={Boolean(disabledReason)}
      onAction={onAction}
      className={`${styles.item} ${danger ? styles.danger : ""}`}
    >
      <span>
        {children}
        {chosen && <span className="hidden"> (chosen)</span>}
        {disabledReason && <span className={styles.reason}>{disabledReason}</span>}
      </span>
      {chosen && <CheckIcon />}
    </AriaMenuItem>
  );
}

export function MenuLine() {
  return <Separator className={styles.line ?? ""} />;
}
