import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { useState } from "react";

import { bundleDetail, bundleFiles, downloadFile, findingsOf } from "../../api/bundles";
import type { Bundle, Finding } from "../../api/types";
import { bundleTitle } from "../../ui/BundleFacts";
import { Button } from "../../ui/Button";
import { EmptyState, Loading } from "../../ui/EmptyState";
import { NameField } from "../../ui/Field";
import { count, formatBytes } from "../../ui/format";
import { DownloadIcon } from "../../ui/icons";
import { Page } from "../../ui/Page";
import { ProblemNote } from "../../ui/ProblemNote";
import { SeverityBadge } from "../../ui/states";
import styles from "./FilePage.module.css";
import { FileView } from "./FileView";
import { lineOf } from "./manifest";

const route = getRouteApi("/debug-files/$id/file");

/** A file of a bundle, as text. */
export function FilePage() {
  const { id } = route.useParams();
  const { path = "", line: typed } = route.useSearch();
  const line = lineOf(typed);
  const bundle = useQuery(bundleDetail(id));
  const files = useQuery(bundleFiles(id));
  const found = useQuery(findingsOf(id));
  const findings = (found.data?.findings ?? []).filter(({ file }) => file === path);
  const file = files.data?.files.find((known) => known.path === path);
  if (path === "") {
    return (
      <Page title="File">
        <EmptyState title="The address names no file">
          <Link to="/debug-files/$id" params={{ id }}>
            Go to the bundle
          </Link>
        </EmptyState>
      </Page>
    );
  }
  return (
    <Page
      fill
      title={nameOf(bundle.data, path)}
      lead={
        <span className="line">
          <Link to="/debug-files/$id" params={{ id }}>
            {bundle.data ? bundleTitle(bundle.data) : "Bundle"}
          </Link>
          <span>{bundle.data ? `of ${bundle.data.appliance.name}` : ""}</span>
          {file && <span>{formatBytes(file.size_bytes)}</span>}
          {file?.truncated && <span>cut by the appliance</span>}
          {file && file.redactions > 0 && <span>{count(file.redactions, "secret")} taken out</span>}
        </span>
      }
      aside={
        <Button onClick={() => void downloadFile(id, path)}>
          <DownloadIcon /> Download
        </Button>
      }
    >
      {bundle.error && <ProblemNote problem={bundle.error} />}
      <div className={styles.bar}>
        <GoToLine />
        <FoundHere findings={findings} />
      </div>
      {files.isPending ? (
        <Loading what="the bundle" />
      ) : (
        <FileView key={`${id} ${path}`} bundle={id} path={path} line={line} findings={findings} />
      )}
    </Page>
  );
}

/** A file that came alone is called as it was when it was brought. */
function nameOf(bundle: Bundle | undefined, path: string): string {
  return bundle?.kind === "file" ? (bundle.file_name ?? path) : path;
}

function GoToLine() {
  const navigate = route.useNavigate();
  const [typed, setTyped] = useState("");
  const line = lineOf(typed.trim());
  const error = typed.trim() !== "" && line === null ? "A number from 1 on." : null;
  return (
    <form
      className={styles.goTo}
      onSubmit={(event) => {
        event.preventDefault();
        if (line === null) return;
        void navigate({
          to: ".",
          search: (old) => ({ ...old, line: String(line) }),
          replace: true,
        });
      }}
    >
      <NameField
        label="Line"
        inputMode="numeric"
        value={typed}
        error={error}
        onChange={(event) => setTyped(event.target.value)}
      />
      <Button type="submit" disabledReason={line === null ? "Say which line first" : null}>
        Go
      </Button>
    </form>
  );
}

/** The lines of this file in which something was found. */
function FoundHere({ findings }: { findings: readonly Finding[] }) {
  const { id } = route.useParams();
  if (findings.length === 0) return null;
  return (
    <ul className={styles.found} aria-label="Found in this file">
      {findings.slice(0, 12).map((finding) => (
        <li key={finding.id}>
          <Link
            to="/debug-files/$id/file"
            params={{ id }}
            search={{ path: finding.file, line: String(finding.line) }}
            replace
          >
            <SeverityBadge state={finding.severity} bare /> {finding.signature}, line {finding.line}
          </Link>
        </li>
      ))}
    </ul>
  );
}
