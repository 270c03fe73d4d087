import styles from "./CopyText.module.css";

/** A line that is to be copied as it is: a command, a key. */
export function CopyText({ text }: { text: string }) {
  return (
    <pre className={styles.text} tabIndex={0} data-copy-text>
      {text}
    </pre>
  );
}
