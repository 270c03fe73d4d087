import { Button } from "./Button";
import styles from "./CopyId.module.css";
import { CopyIcon } from "./icons";
import { tell, tellProblem } from "./toasts";

/** Puts a text on the clipboard and says so. */
export async function copy(text: string, what: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
    tell(`Copied the ${what}`);
  } catch (error) {
    tellProblem(error);
  }
}

interface CopyIdProps {
  id: string;
  what: string;
  /** How many letters of it are shown; all of them if it is not said. */
  letters?: number;
}

/** An id that is shown short and copied whole. */
export function CopyId({ id, what, letters }: CopyIdProps) {
  const short = letters && id.length > letters ? `${id.slice(0, letters)}…` : id;
  return (
    <span className={styles.copy}>
      <code title={id}>{short}</code>
      <Button look="quiet" small label={`Copy ${what}`} onClick={() => void copy(id, what)}>
        <CopyIcon />
      </Button>
    </span>
  );
}
