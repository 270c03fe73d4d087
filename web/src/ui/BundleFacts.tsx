import { Link } from "@tanstack/react-router";
import { useState } from "react";

import { removeBundle } from "../api/bundles";
import type { Bundle, Finding } from "../api/types";
import { queries } from "../live/live";
import { useRoleReason } from "../live/operations";
import { Button } from "./Button";
import { ConfirmByTyping } from "./ConfirmByTyping";
import { count, formatBytes } from "./format";
import { tell } from "./toasts";

export const TRIGGERS: Readonly<Record<string, string>> = {
  on_demand: "asked for",
  unclean_boot: "after an unclean boot",
  fatal_message: "the kernel met an error",
  upload: "uploaded by hand",
};

export function triggerWord(trigger: string): string {
  return TRIGGERS[trigger] ?? trigger.replaceAll("_", " ");
}

/** What a bundle is called where its own page is linked to; its downloaded file ends with the same letters. */
export function bundleTitle({ file_name, id }: Bundle): string {
  return file_name ?? `Bundle ${id.slice(-8)}`;
}

export function bundleSize({ size_bytes, received_bytes }: Bundle): string {
  return formatBytes(size_bytes ?? received_bytes);
}

interface LinePlaceProps {
  bundle: string;
  file: string;
  line: number;
}

/** A link to a line of a file in a bundle. */
export function LinePlace({ bundle, file, line }: LinePlaceProps) {
  return (
    <Link
      to="/debug-files/$id/file"
      params={{ id: bundle }}
      search={{ path: file, line: String(line) }}
    >
      {file}, line {line}
    </Link>
  );
}

/** How often, and since when a finding has been there. */
export function findingCount({ count: hits, events }: Finding): string {
  const times = count(hits, "line");
  return events > 1 ? `${times}, begun ${events} times` : times;
}

/** Why the bytes of a bundle cannot be removed now. */
export function useRemoveReason({ state, hold }: Bundle): string | null {
  const role = useRoleReason("operator");
  if (role) return role;
  if (state !== "complete") return "It is not complete.";
  return hold ? `It is held by ${hold.by}. Release it first, if they agree.` : null;
}

/** Removes the bytes of a bundle, once its appliance's name is typed. */
export function DeleteBundle({ bundle, label }: { bundle: Bundle; label?: string }) {
  const [isOpen, setOpen] = useState(false);
  const reason = useRemoveReason(bundle);
  return (
    <>
      <Button
        small
        look="danger"
        aria-label={label}
        disabledReason={reason}
        onClick={() => setOpen(true)}
      >
        Delete
      </Button>
      {isOpen && (
        <ConfirmByTyping
          title="Delete the bundle"
          effect={
            <p>
              The debug bundle of {bundle.appliance.name} ({bundleSize(bundle)}) is deleted from the
              server{bundle.trigger === "upload" ? "" : "; the appliance does not have it any more"}
              . What was found in it stays known.
            </p>
          }
          phrase={bundle.appliance.name}
          action="Delete"
          onClose={() => setOpen(false)}
          onConfirm={async () => {
            await removeBundle(bundle.id);
            await queries.invalidateQueries({ queryKey: ["bundles"] });
            tell("Deleted the bundle");
          }}
        />
      )}
    </>
  );
}
