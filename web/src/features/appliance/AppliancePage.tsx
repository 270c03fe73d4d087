import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link, Outlet } from "@tanstack/react-router";

import { applianceDetail } from "../../api/queries";
import type { Appliance, ApplianceDetail } from "../../api/types";
import { appliances, useRow } from "../../live/live";
import { Button } from "../../ui/Button";
import { Loading } from "../../ui/EmptyState";
import { Page } from "../../ui/Page";
import { ProblemNote } from "../../ui/ProblemNote";
import { ApplianceStateBadge, PresenceBadge } from "../../ui/states";
import { Elapsed, Time } from "../../ui/Time";
import { ApplianceActions } from "./ApplianceActions";
import styles from "./AppliancePage.module.css";

const route = getRouteApi("/appliances/$id");

const TABS = [
  ["/appliances/$id", "Overview"],
  ["/appliances/$id/vms", "VMs"],
  ["/appliances/$id/storage", "Storage"],
  ["/appliances/$id/backups", "Backups"],
  ["/appliances/$id/boots", "Boots"],
  ["/appliances/$id/timeline", "Timeline"],
  ["/appliances/$id/mitigations", "Mitigations"],
  ["/appliances/$id/move", "Move to 2.x"],
  ["/appliances/$id/operations", "Operations"],
  ["/appliances/$id/debug", "Debug"],
] as const;

export function AppliancePage() {
  const { id } = route.useParams();
  const detail = useQuery(applianceDetail(id));
  const live = useRow(appliances, id);
  if (detail.error && !detail.data) {
    return (
      <Page title="Appliance">
        <ProblemNote
          problem={detail.error}
          action={
            <div className="line">
              <Button onClick={() => void detail.refetch()}>Try again</Button>
              <Link to="/appliances">All appliances</Link>
            </div>
          }
        />
      </Page>
    );
  }
  if (!detail.data) return <Loading what="the appliance" />;
  const appliance = newest(detail.data, live);
  return (
    <Page
      title={appliance.name}
      lead={<Lead appliance={appliance} />}
      aside={<ApplianceActions appliance={appliance} />}
    >
      <nav className={styles.tabs} aria-label={`Parts of ${appliance.name}`}>
        {TABS.map(([to, word]) => (
          <Link
            key={to}
            to={to}
            params={{ id }}
            className={styles.tab}
            activeOptions={{ exact: true }}
            activeProps={{ "aria-current": "page" }}
          >
            {word}
          </Link>
        ))}
      </nav>
      <Outlet />
    </Page>
  );
}

/** What was fetched, with what has changed since. */
export function newest(detail: ApplianceDetail, live: Appliance | undefined): ApplianceDetail {
  return live && live.version >= detail.version ? { ...detail, ...live } : detail;
}

function Lead({ appliance }: { appliance: ApplianceDetail }) {
  const { presence, state, site, organisation, presence_since, booted_at } = appliance;
  return (
    <div className={styles.lead}>
      {state === "accepted" ? (
        <PresenceBadge state={presence} />
      ) : (
        <ApplianceStateBadge state={state} />
      )}
      <span>{[site?.name, organisation.name].filter(Boolean).join(" · ")}</span>
      {presence === "online" && booted_at ? (
        <span>
          up <Elapsed from={booted_at} coarse />
        </span>
      ) : (
        presence_since && (
          <span>
            since <Time at={presence_since} />
          </span>
        )
      )}
    </div>
  );
}
