import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { answered, api } from "../../api/client";
import { asProblem, type Problem } from "../../api/problem";
import { applianceDetail, sites } from "../../api/queries";
import type { ApplianceDetail } from "../../api/types";
import { appliances, queries } from "../../live/live";
import { useRoleReason } from "../../live/operations";
import { Button } from "../../ui/Button";
import { Dialog, DialogButtons } from "../../ui/Dialog";
import { SelectField, TextField } from "../../ui/Field";
import { ProblemNote } from "../../ui/ProblemNote";
import { tell } from "../../ui/toasts";

interface EditApplianceProps {
  appliance: ApplianceDetail;
  onClose: () => void;
}

export default function EditAppliance({ appliance, onClose }: EditApplianceProps) {
  const [name, setName] = useState(appliance.name);
  const [site, setSite] = useState(appliance.site?.id ?? "");
  const [problem, setProblem] = useState<Problem | null>(null);
  const [busy, setBusy] = useState(false);
  const places = useQuery(sites());
  const reason = useRoleReason("operator");
  const save = async () => {
    if (busy || reason) return;
    setBusy(true);
    try {
      const params = { path: { id: appliance.id } };
      const body = { name: name.trim(), ...(site === "" ? {} : { site_id: site }) };
      const changed = await answered(api.PATCH("/api/v1/appliances/{id}", { params, body }));
      appliances.put([changed]);
      await queries.invalidateQueries({ queryKey: applianceDetail(appliance.id).queryKey });
      tell(`Saved ${changed.name}`);
      onClose();
    } catch (error) {
      setProblem(asProblem(error));
      setBusy(false);
    }
  };
  return (
    <Dialog title="Name and site" onClose={onClose}>
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          void save();
        }}
      >
        <TextField
          label="Name"
          value={name}
          onChange={(event) => setName(event.target.value)}
          error={problem?.fields.name}
          autoFocus
          required
        />
        <SelectField
          label="Site"
          value={site}
          onChange={(event) => setSite(event.target.value)}
          error={problem?.fields.site_id}
          hint={places.data?.sites.length === 0 ? "There are no sites yet." : undefined}
        >
          {!appliance.site && <option value="">No site</option>}
          {places.data?.sites.map((place) => (
            <option key={place.id} value={place.id}>
              {place.name}
            </option>
          ))}
        </SelectField>
        {problem && Object.keys(problem.fields).length === 0 && <ProblemNote problem={problem} />}
        <DialogButtons>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" look="primary" busy={busy} disabledReason={reason}>
            Save
          </Button>
        </DialogButtons>
      </form>
    </Dialog>
  );
}
