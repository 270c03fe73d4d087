import { Button } from "../ui/Button";
import { Dialog, DialogButtons } from "../ui/Dialog";
import { CheckField } from "../ui/Field";
import { letterKeys } from "../ui/preference";
import styles from "./Help.module.css";

const KEYS: ReadonlyArray<readonly [string, string]> = [
  ["Ctrl K or ⌘ K", "Find an appliance, go to a page"],
  ["/", "Search on this page"],
  [
    "g then h, a, o, b, m, d, l, r, n, v, e, u",
    "Go to the overview (home), appliances, operations, backups, migrations, debug files, alarms, reliability, ends of boots, releases (versions), enrolment, audit",
  ],
  ["r", "Fetch a list again after changes"],
  ["↑ ↓ or k j", "Move through a table"],
  ["Enter", "Open the row"],
  ["Space or x", "Select the row; with Shift up to it"],
  ["?", "This help"],
];

export default function Help({ onClose }: { onClose: () => void }) {
  const letters = letterKeys.use();
  return (
    <Dialog title="Keyboard" onClose={onClose}>
      <dl className={styles.keys}>
        {KEYS.map(([key, what]) => (
          <div key={key} className={styles.row}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
      <CheckField
        label="Single letters are commands"
        hint="Switch this off where speech input or another tool types letters."
        checked={letters === "on"}
        onChange={(event) => letterKeys.set(event.target.checked ? "on" : "off")}
      />
      <DialogButtons>
        <Button look="primary" onClick={onClose}>
          Close
        </Button>
      </DialogButtons>
    </Dialog>
  );
}
