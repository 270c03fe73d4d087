import { useNow, zonePreference } from "./clock";
import { formatAbsolute, formatDuration, formatRelative } from "./format";

interface TimeProps {
  at: string | null | undefined;
  /** Shows the moment itself beside how long ago it was. */
  full?: boolean;
}

export function Time({ at, full = false }: TimeProps) {
  const now = useNow(full ? 1_000 : 5_000);
  const zone = zonePreference.use();
  if (!at) return <span className="muted">never</span>;
  const moment = Date.parse(at);
  const absolute = formatAbsolute(moment, zone);
  // The clock ticks in steps and servers' clocks differ a little: what just was is not to come.
  const relative = formatRelative(moment, Math.abs(moment - now) < 8_000 ? moment : now);
  return (
    <time dateTime={at} title={absolute}>
      {full ? (
        <>
          {absolute} <span className="muted">({relative})</span>
        </>
      ) : (
        relative
      )}
    </time>
  );
}

interface ElapsedProps {
  from: string;
  to?: string | null | undefined;
  /** Without seconds once there are hours, and told anew each minute. */
  coarse?: boolean;
}

/** How long something has gone on since `from`, or did until `to`. */
export function Elapsed({ from, to, coarse = false }: ElapsedProps) {
  const now = useNow(coarse ? 60_000 : 1_000);
  const begin = Date.parse(from);
  const end = to ? Date.parse(to) : Math.max(now, begin);
  return <span className="number">{formatDuration((end - begin) / 1000)}</span>;
}
