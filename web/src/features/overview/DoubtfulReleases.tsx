import { useQueries, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";

import { releases, runningCount, runningFilter } from "../../api/reliability";
import { componentName } from "../../ui/componentNames";
import { count } from "../../ui/format";
import { WarningIcon } from "../../ui/icons";
import { Card } from "../../ui/Page";
import { ReleaseStateBadge } from "../../ui/states";
import { doubtful } from "./doubtful";
import styles from "./Overview.module.css";

/** Versions that are withdrawn or beta and that run nevertheless; nothing where none does. */
export function DoubtfulReleases() {
  const { data } = useQuery(releases());
  const known = doubtful(data?.releases ?? []);
  const counts = useQueries({
    queries: known.map(({ key, release }) => runningCount(key, release.version)),
  });
  const running = known.flatMap(({ key, release }, at) => {
    const appliances = counts[at]?.data ?? 0;
    return appliances > 0 ? [{ key, release, appliances }] : [];
  });
  if (running.length === 0) return null;
  return (
    <Card
      title="Versions that should not run"
      aside={
        <>
          <WarningIcon />
          <Link to="/releases">Releases</Link>
        </>
      }
    >
      <ul className={styles.list} aria-label="Versions that should not run">
        {running.map(({ key, release: { id, component, version, state, note }, appliances }) => (
          <li key={id} className="spread">
            <span className="line">
              <ReleaseStateBadge state={state} bare />
              <strong>
                {componentName(component)} {version}
              </strong>
              {note && <span className="muted">{note}</span>}
            </span>
            <Link to="/appliances" search={{ q: runningFilter(key, version) }}>
              {count(appliances, "appliance")}
              <span className="hidden">
                {" "}
                with {componentName(component)} {version}
              </span>
            </Link>
          </li>
        ))}
      </ul>
    </Card>
  );
}
