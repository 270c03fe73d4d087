import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { answered, api } from "../../api/client";
import { asProblem, type Problem } from "../../api/problem";
import { joinTokens, organisations, sites } from "../../api/queries";
import { queries } from "../../live/live";
import { Button } from "../../ui/Button";
import { copy } from "../../ui/CopyId";
import { CopyText } from "../../ui/CopyText";
import { Dialog, DialogButtons } from "../../ui/Dialog";
import { CheckField, SelectField, TextField } from "../../ui/Field";
import { CopyIcon } from "../../ui/icons";
import { ProblemNote } from "../../ui/ProblemNote";
import styles from "./EnrolmentPage.module.css";

const LIVES: ReadonlyArray<readonly [number, string]> = [
  [3600, "1 hour"],
  [86_400, "1 day"],
  [7 * 86_400, "1 week"],
  [30 * 86_400, "30 days"],
];

export default function CreateToken({ onClose }: { onClose: () => void }) {
  const [token, setToken] = useState<string | null>(null);
  return token === null ? (
    <TokenForm onClose={onClose} onCreated={setToken} />
  ) : (
    <NewToken token={token} onClose={onClose} />
  );
}

interface TokenFormProps {
  onClose: () => void;
  onCreated: (token: string) => void;
}

function TokenForm({ onClose, onCreated }: TokenFormProps) {
  const [problem, setProblem] = useState<Problem | null>(null);
  const [busy, setBusy] = useState(false);
  const [organisation, setOrganisation] = useState("");
  const owners = useQuery(organisations());
  const places = useQuery(sites());
  const create = async (form: FormData) => {
    const field = (name: string) => String(form.get(name) ?? "").trim();
    setBusy(true);
    try {
      const body = {
        ...(organisation === "" ? {} : { organisation_id: organisation }),
        ...(field("site") === "" ? {} : { site_id: field("site") }),
        ...(field("note") === "" ? {} : { note: field("note") }),
        preauthorised: form.get("preauthorised") !== null,
        uses: Number(field("uses")),
        expires_in_seconds: Number(field("life")),
      };
      const { token } = await answered(api.POST("/api/v1/join-tokens", { body }));
      void queries.invalidateQueries({ queryKey: joinTokens().queryKey });
      onCreated(token ?? "");
    } catch (error) {
      setProblem(asProblem(error));
      setBusy(false);
    }
  };
  const theirs = places.data?.sites.filter(
    (place) => organisation === "" || place.organisation_id === organisation,
  );
  return (
    <Dialog title="Create a join token" onClose={onClose}>
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          if (!busy) void create(new FormData(event.currentTarget));
        }}
      >
        <TextField label="Note" name="note" hint="Whom it is for." maxLength={200} autoFocus />
        <SelectField
          label="Organisation"
          value={organisation}
          onChange={(event) => setOrganisation(event.target.value)}
        >
          <option value="">Yours</option>
          {owners.data?.organisations.map((owner) => (
            <option key={owner.id} value={owner.id}>
              {owner.name}
            </option>
          ))}
        </SelectField>
        <SelectField label="Site" name="site">
          <option value="">None yet</option>
          {theirs?.map((place) => (
            <option key={place.id} value={place.id}>
              {place.name}
            </option>
          ))}
        </SelectField>
        <TextField
          label="Appliances that may join with it"
          name="uses"
          type="number"
          min={1}
          max={10_000}
          defaultValue={1}
          required
        />
        <SelectField label="Valid for" name="life" defaultValue={86_400}>
          {LIVES.map(([seconds, word]) => (
            <option key={seconds} value={seconds}>
              {word}
            </option>
          ))}
        </SelectField>
        <CheckField
          label="Accept whoever joins with it"
          name="preauthorised"
          hint="Otherwise each waits here until somebody says yes."
        />
        {problem && <ProblemNote problem={problem} />}
        <DialogButtons>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" look="primary" busy={busy}>
            Create
          </Button>
        </DialogButtons>
      </form>
    </Dialog>
  );
}

function NewToken({ token, onClose }: { token: string; onClose: () => void }) {
  const command = `domfleet-agent join ${token}`;
  return (
    <Dialog title="Run this in dom0" onClose={onClose} stays wide>
      <p>As root, in the dom0 of each appliance that is to join:</p>
      <CopyText text={command} />
      <p className={styles.once}>
        The token is shown this once. The server keeps no copy that could be shown again.
      </p>
      <DialogButtons>
        <Button onClick={() => void copy(command, "command")}>
          <CopyIcon /> Copy the command
        </Button>
        <Button look="primary" onClick={onClose}>
          I have it
        </Button>
      </DialogButtons>
    </Dialog>
  );
}
