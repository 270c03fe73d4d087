import { Link } from "@tanstack/react-router";

import { Button } from "./Button";
import { CopyId } from "./CopyId";
import { CloseIcon } from "./icons";
import { dismiss, useToasts } from "./toasts";
import styles from "./Toasts.module.css";

export function Toasts() {
  const toasts = useToasts();
  return (
    <section className={styles.toasts} aria-label="Messages">
      <div role="status" className={styles.list}>
        {toasts.map((toast) => (
          <div key={toast.id} className={`${styles.toast} ${styles[toast.tone]}`}>
            <div className={styles.words}>
              <p className={styles.text}>{toast.text}</p>
              {toast.hint && <p className="muted">{toast.hint}</p>}
              {toast.requestId && (
                <p className="muted">
                  Request <CopyId id={toast.requestId} what="request id" />
                </p>
              )}
              {toast.operation && (
                <Link to="/operations/$id" params={{ id: toast.operation }}>
                  Show operation
                </Link>
              )}
            </div>
            <Button look="quiet" small label="Dismiss" onClick={() => dismiss(toast.id)}>
              <CloseIcon />
            </Button>
          </div>
        ))}
      </div>
    </section>
  );
}
