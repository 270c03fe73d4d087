import { useQuery } from "@tanstack/react-query";

import { fleetCounts } from "../../api/overview";
import { Page } from "../../ui/Page";
import { AlarmsCard } from "./AlarmsCard";
import { DoubtfulReleases } from "./DoubtfulReleases";
import { FleetCard, NoFleet } from "./FleetCard";
import { LatelyCard } from "./LatelyCard";
import { OperationsCard } from "./OperationsCard";
import styles from "./Overview.module.css";
import { Part } from "./Part";
import { VersionsCard } from "./VersionsCard";

/** How the fleet is. Each number leads to what it counts. */
export function OverviewPage() {
  const found = useQuery(fleetCounts());
  return (
    <Page title="Overview" lead="How the fleet is. Each number leads to what it counts.">
      <Part found={found} what="the fleet">
        {(counts) =>
          counts.pending + counts.presences.reduce((sum, [, number]) => sum + number, 0) === 0 ? (
            <>
              <NoFleet />
              <AlarmsCard />
            </>
          ) : (
            <>
              <FleetCard counts={counts} />
              <DoubtfulReleases />
              <div className={styles.beside}>
                <AlarmsCard />
                <OperationsCard />
              </div>
              <LatelyCard />
              <VersionsCard />
            </>
          )
        }
      </Part>
    </Page>
  );
}
