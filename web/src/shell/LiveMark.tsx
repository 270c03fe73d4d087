import { stream, useLiveState } from "../live/live";
import { Tooltip } from "../ui/Tooltip";
import styles from "./Shell.module.css";

const WORDS = {
  connecting: "Connecting",
  live: "Live",
  reconnecting: "Reconnecting",
  paused: "Paused",
} as const;

/** Says whether what is shown follows what happens, and makes it stand still. */
export function LiveMark() {
  const state = useLiveState();
  const paused = state === "paused";
  return (
    <Tooltip text={paused ? "Follow what happens again" : "Make the page stand still"} describes>
      <button
        type="button"
        className={styles.tool}
        aria-pressed={paused}
        aria-label={`Live updates: ${WORDS[state]}`}
        data-live={state}
        onClick={() => (paused ? stream.resume() : stream.pause())}
      >
        <span className={`${styles.dot} ${styles[state] ?? ""}`} aria-hidden="true" />
        <span className={styles.word}>{WORDS[state]}</span>
      </button>
    </Tooltip>
  );
}
