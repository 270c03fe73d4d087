import { useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";

import { applianceDetail, serverState } from "../../api/queries";
import type { ApplianceDetail } from "../../api/types";
import { appliances, useRow } from "../../live/live";
import { useRoleReason } from "../../live/operations";
import { newest } from "./AppliancePage";

const route = getRouteApi("/appliances/$id");

/** The appliance of the page, which its frame has fetched. */
export function useAppliance(): ApplianceDetail {
  const { id } = route.useParams();
  const { data } = useSuspenseQuery(applianceDetail(id));
  const live = useRow(appliances, id);
  return newest(data, live);
}

/** Why nothing can be asked of the appliance now; nothing where something can. */
export function useAskReason(
  appliance: ApplianceDetail,
  changes: "nothing" | "something" = "something",
): string | null {
  const role = useRoleReason("operator");
  const server = useQuery(serverState());
  if (role) return role;
  if (appliance.state === "pending") return "Accept the appliance first, under Enrolment.";
  if (appliance.state !== "accepted") return `The appliance is ${appliance.state}.`;
  if (server.data?.held) return "The server was restored from a backup, and is held.";
  if (appliance.read_only && changes === "something") {
    return `The appliance is read-only: ${appliance.read_only}`;
  }
  return null;
}
