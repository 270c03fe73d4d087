import { Link } from "@tanstack/react-router";
import { useState } from "react";

import { downloadFile } from "../../api/bundles";
import type { Bundle, BundleContents, FileInside } from "../../api/types";
import { Button } from "../../ui/Button";
import { EmptyState } from "../../ui/EmptyState";
import { NameField } from "../../ui/Field";
import { count, formatBytes } from "../../ui/format";
import { DownloadIcon } from "../../ui/icons";
import { Card } from "../../ui/Page";
import { Table, type TableColumn } from "../../ui/Table";
import styles from "./DebugFiles.module.css";
import { byFolder, fileName, matchingFiles } from "./manifest";

interface FilesCardProps {
  bundle: Bundle;
  contents: BundleContents;
}

/** More than a person goes through: whoever wants another says a part of its path. */
const MOST = 500;

/** The files in a bundle, by folder. */
export function FilesCard({ bundle, contents }: FilesCardProps) {
  const [typed, setTyped] = useState("");
  const files = matchingFiles(contents.files, typed);
  return (
    <Card
      title="Files"
      aside={
        <span className="muted" role="status">
          {files.length < contents.files.length ? `${files.length} of ` : ""}
          {count(contents.files.length, "file")}
        </span>
      }
    >
      {contents.troubles.map((trouble) => (
        <p key={trouble} className={styles.trouble}>
          {trouble}
        </p>
      ))}
      <div className={styles.search}>
        <NameField
          label="Find a file"
          placeholder="Part of its path"
          value={typed}
          onChange={(event) => setTyped(event.target.value)}
        />
      </div>
      {files.length === 0 ? (
        <EmptyState title={contents.files.length === 0 ? "No file is in it" : "No such file"} />
      ) : (
        byFolder(files.slice(0, MOST)).map((folder) => (
          <section key={folder.path} className={styles.folder}>
            <h3>{folder.path === "" ? "At the top" : folder.path}</h3>
            <Table
              label={folder.path === "" ? "Files at the top" : `Files in ${folder.path}`}
              columns={columns(bundle)}
              rows={folder.files}
              rowKey={({ path }) => path}
            />
          </section>
        ))
      )}
      {files.length > MOST && (
        <p className={styles.padded}>The first {MOST} are shown. Say a part of its path.</p>
      )}
    </Card>
  );
}

function columns(bundle: Bundle): readonly TableColumn<FileInside>[] {
  return [
    {
      key: "file",
      title: "File",
      cell: (file) => (
        <Link to="/debug-files/$id/file" params={{ id: bundle.id }} search={{ path: file.path }}>
          {fileName(file)}
        </Link>
      ),
    },
    {
      key: "size",
      title: "Size",
      number: true,
      cell: ({ size_bytes }) => formatBytes(size_bytes),
    },
    { key: "notes", title: "Notes", cell: (file) => <Notes file={file} /> },
    {
      key: "actions",
      title: "Actions",
      silent: true,
      cell: ({ path }) => (
        <Button
          small
          look="quiet"
          label={`Download ${path}`}
          onClick={() => void downloadFile(bundle.id, path)}
        >
          <DownloadIcon />
        </Button>
      ),
    },
  ];
}

function Notes({ file: { truncated, redactions, error } }: { file: FileInside }) {
  const words = [
    truncated ? "cut" : "",
    redactions > 0 ? `${count(redactions, "secret")} taken out` : "",
    error ?? "",
  ].filter((word) => word !== "");
  return <span className="muted">{words.join(", ")}</span>;
}
