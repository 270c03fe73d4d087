import type { Note, PreflightReport } from "../api/preflight";
import { Badge } from "./Badge";
import { formatBytes, formatDuration } from "./format";
import { Facts } from "./Page";

/** What a preflight found: what is in the way, what should be known, how long, and how much room. */
export function PreflightFacts({ report }: { report: PreflightReport }) {
  const { blockers, warnings, consents, freeBytes, missingBytes, buyBytes } = report;
  const left = report.vms.filter(({ vm }) => report.excluded.includes(vm));
  return (
    <Facts
      rows={[
        [
          "In the way",
          blockers.length === 0 ? (
            <Badge key="none" tone="good" shape="disc" bare>
              Nothing
            </Badge>
          ) : (
            <Notes key="blockers" notes={blockers} />
          ),
        ],
        ...(consents.length > 0
          ? [
              [
                "Needs a word",
                <ul key="consents">
                  {consents.map(({ code, vm, disk, sentence, isGiven }) => (
                    <li key={`${code} ${vm} ${disk}`}>
                      {sentence} <span className="muted">({isGiven ? "given" : "not given"})</span>
                    </li>
                  ))}
                </ul>,
              ] as const,
            ]
          : []),
        ...(warnings.length > 0
          ? [["To be known", <Notes key="warnings" notes={warnings} />] as const]
          : []),
        [
          "VMs are off for",
          <span key="off">
            {formatDuration(report.seconds)}, of that {formatDuration(report.secondsBeforePermit)}{" "}
            before the permit
            {report.vmTimes.length > 0 &&
              `: ${report.vmTimes.map((vm) => `${vm.name} ${formatDuration(vm.seconds)}`).join(", ")}`}
          </span>,
        ],
        [
          "Room on the drive",
          `${freeBytes === null ? "no drive" : `${formatBytes(freeBytes)} free`}, ${formatBytes(
            report.requiredBytes,
          )} needed${missingBytes > 0 ? `: ${formatBytes(missingBytes)} are missing` : ""}`,
        ],
        ...(buyBytes === null ? [] : [["Drive to buy", sold(buyBytes)] as const]),
        ["Second copy", report.secondCopy],
        ...(left.length > 0
          ? [["Left out", left.map(({ name }) => name).join(", ")] as const]
          : []),
      ]}
    />
  );
}

/** A size as it is written on drives, which are sold in powers of ten. */
export function sold(bytes: number): string {
  return bytes >= 1e12 ? `${bytes / 1e12} TB` : `${bytes / 1e9} GB`;
}

function Notes({ notes }: { notes: readonly Note[] }) {
  return (
    <ul>
      {notes.map(({ sentence, whatToDo }) => (
        <li key={sentence}>
          {sentence} {whatToDo && <span className="muted">{whatToDo}</span>}
        </li>
      ))}
    </ul>
  );
}
