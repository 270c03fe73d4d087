import { Link } from "@tanstack/react-router";

import { PENDING, presenceFilter, type FleetCounts } from "../../api/overview";
import { EmptyState } from "../../ui/EmptyState";
import { Card } from "../../ui/Page";
import { ApplianceStateBadge, PresenceBadge } from "../../ui/states";
import { BigNumber } from "./BigNumber";
import styles from "./Overview.module.css";

/** Which appliances are heard of. */
export function FleetCard({ counts: { pending, presences } }: { counts: FleetCounts }) {
  return (
    <Card title="Appliances" aside={<Link to="/appliances">All of them</Link>}>
      <ul className={styles.tiles} aria-label="Appliances by presence">
        {presences.map(([presence, number]) => (
          <li key={presence}>
            <Link to="/appliances" search={{ q: presenceFilter(presence) }} className={styles.tile}>
              <BigNumber number={number} /> <PresenceBadge state={presence} bare />
            </Link>
          </li>
        ))}
        <li>
          <Link to="/appliances" search={{ q: PENDING }} className={styles.tile}>
            <BigNumber number={pending} /> <ApplianceStateBadge state="pending" bare />
          </Link>
        </li>
      </ul>
      {pending > 0 && (
        <p className={styles.padded}>
          <Link to="/enrolment">Accept or reject those that wait</Link>
        </p>
      )}
    </Card>
  );
}

/** A server that no appliance has joined yet. */
export function NoFleet() {
  return (
    <Card title="Appliances">
      <EmptyState title="No appliance yet">
        <p>Make a join token, then run the command that comes with it in the dom0 of a box.</p>
        <Link to="/enrolment">Go to the join tokens</Link>
      </EmptyState>
    </Card>
  );
}
