import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";

import { newestAlarms } from "../../api/overview";
import type { Alarm } from "../../api/types";
import { alarmTitle } from "../../ui/alarmTitle";
import { Badge } from "../../ui/Badge";
import { EmptyState } from "../../ui/EmptyState";
import { count } from "../../ui/format";
import { Card } from "../../ui/Page";
import { Time } from "../../ui/Time";
import styles from "./Overview.module.css";
import { Part } from "./Part";

/** What somebody must look at. */
export function AlarmsCard() {
  const found = useQuery(newestAlarms());
  const total = found.data?.total ?? 0;
  return (
    <Card
      title="Alarms"
      aside={found.data && <Link to="/alarms">{count(total, "alarm")} not over</Link>}
    >
      <Part found={found} what="alarms">
        {({ alarms }) =>
          alarms.length === 0 ? (
            <EmptyState title="Nothing has to be looked at" />
          ) : (
            <ul className={styles.list} aria-label="The newest alarms">
              {alarms.map((alarm) => (
                <AlarmItem key={alarm.id} alarm={alarm} />
              ))}
            </ul>
          )
        }
      </Part>
    </Card>
  );
}

function AlarmItem({ alarm: { kind, appliance, message, raised_at } }: { alarm: Alarm }) {
  return (
    <li>
      <div className="spread">
        <span className="line">
          <Badge tone="bad" shape="triangle" bare>
            {alarmTitle(kind)}
          </Badge>
          {appliance && (
            <Link to="/appliances/$id" params={{ id: appliance.id }}>
              {appliance.name}
            </Link>
          )}
        </span>
        <span className="muted">
          <Time at={raised_at} />
        </span>
      </div>
      <p className="muted">{message}</p>
    </li>
  );
}
