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

/**
 * A word about a thing, on hover and on focus; Escape takes it away.
 *
 * The frame is there without a text too: a button that becomes usable must stay the same element,
 * or it would lose the focus.
 */
export function Tooltip({ text, describes = false, children }: TooltipProps) {
  const id = useId();
  const box = useRef<HTMLSpanElement>(null);
  const [shown, setShown] = useState(false);

  const show = (frame: HTMLElement) => {
    const tip = box.current;
    const anchor = frame.firstElementChild;
    if (!tip?.showPopover || !anchor || shown) return;
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
      {cloneElement(children, text && describes ? { "aria-describedby": id } : {})}
      {text && (
        <span id={id} ref={box} role="tooltip" popover="manual" className={styles.tip}>
          {text}
        </span>
      )}
    </span>
  );
}
