import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";

import { openMigrations } from "../../api/migrations";
import { operationCounts } from "../../api/queries";
import { count } from "../../ui/format";
import { Card } from "../../ui/Page";
import { BigNumber } from "./BigNumber";
import styles from "./Overview.module.css";
import { Part } from "./Part";

/** What is asked of appliances now, and what went wrong of it. */
export function OperationsCard() {
  const found = useQuery(operationCounts());
  return (
    <Card
      title="Operations"
      aside={
        <>
          <MigrationsLink />
          <Link to="/bulks">Asked of many</Link>
        </>
      }
    >
      <Part found={found} what="operations">
        {({ active, failed }) => (
          <ul className={styles.tiles} aria-label="Operations by state">
            <li>
              <Link to="/operations" search={{ state: "active" }} className={styles.tile}>
                <BigNumber number={active} /> <span>In progress</span>
              </Link>
            </li>
            <li>
              <Link to="/operations" search={{ state: "failed" }} className={styles.tile}>
                <BigNumber number={failed} /> <span>Failed or lost</span>
              </Link>
            </li>
          </ul>
        )}
      </Part>
    </Card>
  );
}

/** How many appliances are on their way to the next line of releases; nothing where none is. */
function MigrationsLink() {
  const { data } = useQuery(openMigrations());
  if (!data) return null;
  return (
    <Link to="/migrations" search={{ state: "open" }}>
      {count(data, "migration")} under way
    </Link>
  );
}
