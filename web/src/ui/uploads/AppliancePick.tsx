import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { answered, api } from "../../api/client";
import { FieldRow, NameField, SelectField } from "../Field";

interface Picked {
  readonly id: string;
  readonly name: string;
}

interface AppliancePickProps {
  picked: Picked | null;
  onPick: (appliance: Picked | null) => void;
}

const MOST = 50;

/** Chooses an appliance: a part of its name, then which of those. */
export function AppliancePick({ picked, onPick }: AppliancePickProps) {
  const [typed, setTyped] = useState("");
  const text = typed.trim().replaceAll(/["\\]/g, "");
  const { data } = useQuery({
    queryKey: ["pick-appliance", text],
    queryFn: ({ signal }) => {
      const q = text === "" ? "state=accepted" : `state=accepted name~"${text}"`;
      const query = { q, sort: "name", limit: MOST };
      return answered(api.GET("/api/v1/appliances", { params: { query }, signal }));
    },
    placeholderData: keepPreviousData,
  });
  const found = data?.appliances ?? [];
  const isThere = picked && found.some(({ id }) => id === picked.id);
  const more = (data?.total ?? 0) - found.length;
  return (
    <FieldRow>
      <NameField
        label="Find the appliance"
        placeholder="Part of its name"
        value={typed}
        onChange={(event) => setTyped(event.target.value)}
      />
      <SelectField
        label="Of appliance"
        hint={more > 0 ? `${more} more: say a part of its name.` : undefined}
        value={picked?.id ?? ""}
        onChange={(event) => {
          const chosen = found.find(({ id }) => id === event.target.value);
          onPick(chosen ? { id: chosen.id, name: chosen.name } : null);
        }}
      >
        <option value="">None chosen</option>
        {picked && !isThere && <option value={picked.id}>{picked.name}</option>}
        {found.map(({ id, name }) => (
          <option key={id} value={id}>
            {name}
          </option>
        ))}
      </SelectField>
    </FieldRow>
  );
}
