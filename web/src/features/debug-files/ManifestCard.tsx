import type { BundleContents } from "../../api/types";
import { Badge } from "../../ui/Badge";
import { count, formatBytes } from "../../ui/format";
import { Card, Facts } from "../../ui/Page";
import { Time } from "../../ui/Time";
import styles from "./DebugFiles.module.css";
import { lossesOf, manifestOf } from "./manifest";

const PRIVACY: Readonly<Record<string, string>> = {
  secrets: "no secrets; everything else as it is",
  pseudonyms: "no secrets, and other names for addresses, hosts, VMs and telephone numbers",
};

interface ManifestCardProps {
  manifest: unknown;
  contents: BundleContents | undefined;
}

/** What a bundle says of itself, and what is missing in it. */
export function ManifestCard({ manifest: given, contents }: ManifestCardProps) {
  const manifest = manifestOf(given);
  const losses = contents && lossesOf(contents);
  return (
    <Card title="What it says of itself">
      {manifest ? (
        <Facts
          rows={[
            ["Collected", <Time key="at" at={manifest.createdAt} full />],
            ["By agent", manifest.agentVersion],
            ["In boot", manifest.bootId && <code key="boot">{manifest.bootId}</code>],
            [
              "Whole",
              <Whole key="whole" isSealed={manifest.isSealed} isWhole={manifest.isWhole} />,
            ],
            ["Left out", <Left key="left" words={manifest.leftOut} />],
            ["Tells", manifest.privacy && (PRIVACY[manifest.privacy] ?? manifest.privacy)],
          ]}
        />
      ) : (
        <p className={styles.padded}>
          It has no manifest: it was not collected by an agent of ours, or is cut.
        </p>
      )}
      {contents && losses && (
        <Facts
          rows={[
            ["Is", contents.format],
            [
              "Unpacked",
              `${formatBytes(contents.unpacked_bytes)}, ${count(contents.files.length, "file")}`,
            ],
            ["Secrets taken out", losses.redactions],
            ["Cut files", <Left key="cut" words={losses.truncated.map(({ path }) => path)} />],
            [
              "Errors",
              <Left
                key="errors"
                words={losses.failed.map(({ path, error }) => `${path}: ${error}`)}
              />,
            ],
          ]}
        />
      )}
    </Card>
  );
}

function Whole({ isSealed, isWhole }: { isSealed: boolean; isWhole: boolean }) {
  if (isSealed && isWhole) {
    return (
      <Badge tone="good" shape="disc" bare>
        Collected to its end
      </Badge>
    );
  }
  return (
    <Badge tone="warn" shape="half" bare>
      {isSealed ? "Not everything could be looked at" : "Cut by a freeze or a power cut"}
    </Badge>
  );
}

function Left({ words }: { words: readonly string[] }) {
  if (words.length === 0) return "nothing";
  return (
    <ul className={styles.words}>
      {words.map((word) => (
        <li key={word}>{word}</li>
      ))}
    </ul>
  );
}
