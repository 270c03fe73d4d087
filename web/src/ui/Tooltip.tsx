import { cloneElement, useId, useRef, useState, type ReactElement } from "react";

import styles from "./Tooltip.module.css";

interface Described {
  "aria-describedby"?: string | undefined;
}

interface TooltipProps {
  text: string | null | undefined;
  /** Whether the text says more than the name of the thing: then screen readers are told too. */
  describes?: boolean;
  children: ReactElement<Described>;
}

/** A word about a thing, on hover and on focus; Escape takes it away. */
export function Tooltip({ text, describes = false, children }: TooltipProps) {
  const id = useId();
  const box = useRef<HTMLSpanElement>(null);
  const [shown, setShown] = useState(false);
  if (!text) return children;

  const show = (anchor: HTMLElement) => {
    const tip = box.current;
    if (!tip?.showPopover || shown) return;
    tip.showPopover();
    const at = anchor.getBoundingClientRect();
    const size = tip.getBoundingClientRect();
    const left = at.left + at.width / 2 - size.width / 2;
    const above = at.top - size.height - 8;
    tip.style.left = `${Math.max(8, Math.min(left, window.innerWidth - size.width - 8))}px`;
    tip.style.top = `${above < 8 ? at.bottom + 8 : above}px`;
    setShown(true);
  };
  const hide = () => {
    if (!shown) return;
    box.current?.hidePopover();
    setShown(false);
  };
  return (
    <span
      className={styles.anchor}
      onPointerEnter={(event) => show(event.currentTarget)}
      onPointerLeave={hide}
      onFocus={(event) => {
        if (event.target.matches(":focus-visible")) show(event.currentTarget);
      }}
      onBlur={hide}
      onKeyDown={(event) => {
        if (event.key !== "Escape" || !shown) return;
        hide();
        event.stopPropagation();
      }}
      onPointerDown={hide}
    >
      {cloneElement(children, describes ? { "aria-describedby": id } : {})}
      <span id={id} ref={box} role="tooltip" popover="manual" className={styles.tip}>
        {text}
      </span>
    </span>
  );
}
