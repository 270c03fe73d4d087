import { reportOf } from "../../api/preflight";
import {
  resultOf,
  type Inspection,
  type Repair,
  type Result,
  type Survived,
} from "../../api/results";
import type { Operation, SetSummary } from "../../api/types";
import { DriveName, DriveUse, qualificationRows } from "../../ui/DriveFacts";
import { count, formatBytes, formatDuration } from "../../ui/format";
import { imageRows, Reasons, Verdict } from "../../ui/ImageFacts";
import { MitigationOutcome } from "../../ui/MitigationFacts";
import { Card, Facts } from "../../ui/Page";
import { PreflightFacts } from "../../ui/PreflightFacts";
import { SetCondition, SetVms } from "../../ui/SetFacts";
import { Table } from "../../ui/Table";
import { Time } from "../../ui/Time";
import styles from "./OperationsPage.module.css";
import { Compared, Pruned } from "./SetOutcome";

/** What came of an operation: in words where its kind has some, and as it came. */
export default function Outcome({ operation }: { operation: Operation }) {
  const { kind, result } = operation;
  if (result === null || result === undefined) return null;
  const known = resultOf(kind, result);
  const report = kind === "migration_preflight" ? reportOf(result) : null;
  return (
    <Card title="Result">
      {known && <Known result={known} />}
      {report && <PreflightFacts report={report} />}
      <details className={styles.raw} open={known === null && report === null}>
        <summary>As the agent wrote it</summary>
        <pre className={styles.result} tabIndex={0} aria-label="Result as the agent wrote it">
          {JSON.stringify(result, null, 2)}
        </pre>
      </details>
    </Card>
  );
}

function Known({ result }: { result: Result }) {
  switch (result.is) {
    case "image":
      return <ImageResult result={result} />;
    case "qualification":
      return (
        <>
          <Facts rows={qualificationRows(result.qualification)} />
          <Padded reasons={result.qualification.reasons} />
        </>
      );
    case "drives":
      return result.drives.length === 0 ? (
        <p className={styles.padded}>No USB drive is plugged in.</p>
      ) : (
        <Table
          label="USB drives"
          rows={result.drives}
          rowKey={(drive) => drive.path}
          columns={[
            { key: "drive", title: "Drive", cell: (drive) => <DriveName drive={drive} /> },
            { key: "use", title: "Use", cell: (drive) => <DriveUse drive={drive} /> },
            {
              key: "size",
              title: "Size",
              number: true,
              cell: (drive) => formatBytes(drive.size_bytes),
            },
          ]}
        />
      );
    case "sets":
      return (
        <>
          <Sets sets={result.sets} />
          {result.unusedCount > 0 && (
            <div className={styles.padded}>
              <p>Not taken over, as no configuration names it:</p>
              <Paths paths={result.unused} />
              {result.unusedCount > result.unused.length && (
                <p>and {result.unusedCount - result.unused.length} more</p>
              )}
            </div>
          )}
        </>
      );
    case "comparison":
      return <Compared comparison={result.comparison} />;
    case "pruning":
      return <Pruned pruning={result.pruning} />;
    case "mitigations":
      return <MitigationOutcome given={result.given} />;
    case "survived":
      return <Facts rows={survivalRows(result.survived)} />;
    case "restored":
      return (
        <Facts
          rows={[
            ["VM", result.name],
            ...(result.as === result.name ? [] : [["Restored as", result.as] as const]),
            ["Configuration", result.config && <code key="config">{result.config}</code>],
            ["Disks", <Paths key="disks" paths={result.disks} />],
          ]}
        />
      );
    case "console":
      return (
        <>
          <p className={styles.padded}>
            {result.truncated ? "The end of what the VM said. " : ""}
            {result.redacted > 0 ? `${count(result.redacted, "secret")} taken out.` : ""}
          </p>
          <pre className={styles.result} tabIndex={0} aria-label="Console">
            {result.text}
          </pre>
        </>
      );
  }
}

function survivalRows(survived: Survived) {
  const { seconds, chanceOfDeath } = survived;
  const percent = (100 * chanceOfDeath).toFixed(chanceOfDeath > 0.99 ? 2 : 1);
  return [
    ["Survived", formatDuration(seconds)],
    [
      "How good that is",
      `a dom0 that dies once an hour under such load would have died with ${percent} %${
        chanceOfDeath >= 0.95 ? "" : ": too little to call it sound, which takes three hours"
      }`,
    ],
    ["Read", formatBytes(survived.readBytes)],
    ["Written", formatBytes(survived.writtenBytes)],
    ["Slowest answer of the disk", `${survived.slowestMilliseconds.toLocaleString("en")} ms`],
  ] as const;
}

function Sets({ sets }: { sets: readonly SetSummary[] }) {
  if (sets.length === 0) return <p className={styles.padded}>No backup set is on the drive.</p>;
  return (
    <Table
      label="Backup sets"
      rows={sets}
      rowKey={(set) => set.set}
      columns={[
        { key: "begun", title: "Begun", cell: (set) => <Time at={set.created_at} full /> },
        { key: "vms", title: "VMs", cell: (set) => <SetVms vms={set.vms} /> },
        { key: "state", title: "State", cell: (set) => <SetCondition set={set} /> },
        {
          key: "size",
          title: "On the drive",
          number: true,
          cell: (set) => formatBytes(set.stored_bytes ?? 0),
        },
      ]}
    />
  );
}

function ImageResult({ result }: { result: Extract<Result, { is: "image" }> }) {
  const { judgement, inspection, repair, content } = result;
  return (
    <>
      <Facts
        rows={[
          ...imageRows(judgement),
          ...(inspection ? inspectionRows(inspection) : []),
          ...(repair ? repairRows(repair) : []),
          ...(content ? [["Hash of its content", <code key="hash">{content}</code>] as const] : []),
        ]}
      />
      <Padded reasons={judgement.reasons} />
    </>
  );
}

function inspectionRows(inspection: Inspection) {
  const { file, dataFile, basedOn, flags, snapshots, dataBytes } = inspection;
  return [
    ["File", <code key="file">{file.path}</code>],
    ["Takes up", formatBytes(file.allocatedBytes)],
    ["Data on the disk", dataBytes === null ? null : formatBytes(dataBytes)],
    [
      "Based on",
      basedOn.length === 0 ? "nothing" : <Paths key="on" paths={basedOn.map(({ path }) => path)} />,
    ],
    ...(dataFile ? [["Data file", <code key="data">{dataFile.path}</code>] as const] : []),
    ["Flags", flags.length === 0 ? "none" : flags.join(", ").replaceAll("_", " ")],
    ["Clusters", inspection.clusterBytes === null ? "none" : formatBytes(inspection.clusterBytes)],
    ["Compression", inspection.compression ?? "none"],
    ["Encryption", inspection.encryption ?? "none"],
    ["Snapshots in it", snapshots.length === 0 ? "none" : snapshots.join(", ")],
  ] as const;
}

function repairRows(repair: Repair) {
  return [
    ["The original", repair.original && <Verdict key="original" judgement={repair.original} />],
    [
      "Can be trusted",
      repair.isSalvaged
        ? `not all of it: ${formatBytes(repair.suspectBytes)} are known to be suspect`
        : "yes: it holds what the original holds",
    ],
  ] as const;
}

function Paths({ paths }: { paths: readonly string[] }) {
  return (
    <ul>
      {paths.map((path) => (
        <li key={path}>
          <code>{path}</code>
        </li>
      ))}
    </ul>
  );
}

function Padded({ reasons }: { reasons: readonly string[] }) {
  if (reasons.length === 0) return null;
  return (
    <div className={styles.padded}>
      <Reasons reasons={reasons} />
    </div>
  );
}
