import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";

import { findingsOf } from "../../api/bundles";
import { allSignatures } from "../../api/signatures";
import type { Bundle, Finding, Signature } from "../../api/types";
import { findingCount, LinePlace } from "../../ui/BundleFacts";
import { Button } from "../../ui/Button";
import { EmptyState, Loading } from "../../ui/EmptyState";
import { FindingContext } from "../../ui/FindingContext";
import { asSentence, count } from "../../ui/format";
import { Card } from "../../ui/Page";
import { ProblemNote } from "../../ui/ProblemNote";
import { SeverityBadge } from "../../ui/states";
import styles from "./DebugFiles.module.css";

/** So many are shown before somebody asks for all. */
const FIRST = 20;

/** What was found in a bundle: the gravest first, with what it means and what to do. */
export function FindingsCard({ bundle }: { bundle: Bundle }) {
  const { data, error } = useQuery(findingsOf(bundle.id));
  const signatures = useQuery(allSignatures());
  const [isAll, setAll] = useState(false);
  const known = new Map(signatures.data?.signatures.map((one) => [one.id, one]));
  if (error && !data) return <ProblemNote problem={error} />;
  if (!data) return <Loading what="findings" />;
  return (
    <Card title="Findings" aside={<span className="muted">{count(data.total, "finding")}</span>}>
      {data.findings.length === 0 ? (
        <EmptyState title="Nothing known was found">
          <p>
            A bundle is searched soon after it is complete, and anew whenever a{" "}
            <Link to="/signatures">signature</Link> is added.
          </p>
        </EmptyState>
      ) : (
        <ol className={styles.findings}>
          {data.findings.slice(0, isAll ? undefined : FIRST).map((finding) => (
            <FindingItem
              key={finding.id}
              finding={finding}
              signature={known.get(finding.signature)}
              canOpen={bundle.state === "complete"}
            />
          ))}
        </ol>
      )}
      {!isAll && data.findings.length > FIRST && (
        <p className={styles.padded}>
          <Button small onClick={() => setAll(true)}>
            Show all {data.findings.length}
          </Button>
        </p>
      )}
    </Card>
  );
}

interface FindingItemProps {
  finding: Finding;
  signature: Signature | undefined;
  canOpen: boolean;
}

function FindingItem({ finding, signature, canOpen }: FindingItemProps) {
  const { bundle, file, line } = finding;
  return (
    <li className={styles.finding}>
      <div className="line">
        <SeverityBadge state={finding.severity} />
        <code>{finding.signature}</code>
        <span className="muted">{findingCount(finding)}</span>
      </div>
      {signature && (
        <p>
          {asSentence(signature.meaning)} {signature.advice}
        </p>
      )}
      <p>
        {canOpen ? <LinePlace bundle={bundle} file={file} line={line} /> : `${file}, line ${line}`}
      </p>
      <FindingContext finding={finding} />
    </li>
  );
}
