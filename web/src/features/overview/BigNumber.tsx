import styles from "./Overview.module.css";

/** A number that is seen from afar. */
export function BigNumber({ number }: { number: number }) {
  return <strong className={styles.figure}>{number.toLocaleString("en-GB")}</strong>;
}
