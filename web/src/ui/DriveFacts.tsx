import { driveTitle } from "../api/backups";
import type { Qualification, Rate } from "../api/results";
import type { UsbDrive } from "../api/types";
import { Badge } from "./Badge";
import { formatBytes, formatRate } from "./format";
import { DriveUseBadge } from "./states";

/** Whether backups may be trusted to a drive, on a line. */
export function Fitness({ qualification }: { qualification: Qualification }) {
  const { isFit, isFake, trueBytes } = qualification;
  if (isFit) {
    return (
      <Badge tone="good" shape="disc" bare>
        Fit for backups
      </Badge>
    );
  }
  return (
    <span className="line">
      <Badge tone="bad" shape="cross" bare>
        Not fit for backups
      </Badge>
      {isFake && <span className="muted">really holds {formatBytes(trueBytes)}</span>}
    </span>
  );
}

export function qualificationRows(qualification: Qualification) {
  const { mode, claimedBytes, trueBytes, isExact, testedBytes, errors, smartPassed } =
    qualification;
  return [
    ["Verdict", <Fitness key="fitness" qualification={qualification} />],
    ["Says that it holds", formatBytes(claimedBytes)],
    ["Really holds", `${isExact ? "" : "at least "}${formatBytes(trueBytes)}`],
    ["Tested", `${formatBytes(testedBytes)} (${mode})`],
    ["Errors", errors === 0 ? "none" : String(errors)],
    ["Is written at", rate(qualification.writeRate)],
    ["Is read at", rate(qualification.readRate)],
    [
      "Its own health check",
      smartPassed === null ? "says nothing" : smartPassed ? "passed" : "failed",
    ],
  ] as const;
}

function rate(rate: Rate | null): string {
  if (!rate) return "not measured";
  return `${formatRate(rate.mean)}, at the slowest ${formatRate(rate.slowest)}`;
}

/** What a drive may be used for, and why not for more. */
export function DriveUse({ drive: { use, read_only } }: { drive: UsbDrive }) {
  const why = use.kind === "system" ? use.reason : use.kind === "foreign" ? use.what : null;
  return (
    <span className="line">
      <DriveUseBadge state={use.kind} bare />
      {why && <span className="muted">{why}</span>}
      {read_only && <span className="muted">cannot be written to</span>}
    </span>
  );
}

/** A drive by what is printed on it. */
export function DriveName({ drive }: { drive: UsbDrive }) {
  return (
    <span>
      <strong>{driveTitle(drive)}</strong>{" "}
      <span className="muted">
        {[drive.hardware.serial, drive.path].filter(Boolean).join(" · ")}
      </span>
    </span>
  );
}
