import type { ReactNode } from "react";
import { Dialog as AriaDialog, Heading, Modal, ModalOverlay } from "react-aria-components";

import styles from "./Dialog.module.css";

interface DialogProps {
  title: string;
  /** Called when it is to go: Escape, or a click beside it. */
  onClose: () => void;
  children: ReactNode;
  /** A question that must not vanish by a click beside it. */
  alert?: boolean;
  /** Nothing but what is in it ends it. */
  stays?: boolean;
  wide?: boolean;
}

export function Dialog({ title, onClose, children, alert, stays, wide }: DialogProps) {
  return (
    <ModalOverlay
      isOpen
      isDismissable={!alert && !stays}
      isKeyboardDismissDisabled={stays ?? false}
      onOpenChange={(open) => {
        if (!open) onClose();
      }}
      className={styles.veil ?? ""}
    >
      <Modal className={`${styles.modal} ${wide ? styles.wide : ""}`}>
        <AriaDialog role={alert ? "alertdialog" : "dialog"} className={styles.dialog ?? ""}>
          <Heading slot="title" level={2} className={styles.title ?? ""}>
            {title}
          </Heading>
          {children}
        </AriaDialog>
      </Modal>
    </ModalOverlay>
  );
}

export function DialogButtons({ children }: { children: ReactNode }) {
  return <div className={styles.buttons}>{children}</div>;
}
