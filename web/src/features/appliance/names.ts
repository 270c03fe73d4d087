// What names and paths dom0 takes, as the server judges them too: here so that a field can say it
// before anything is sent.

const RESERVED = [
  "_cdata",
  "_cmeta",
  "_corig",
  "_cpool",
  "_cvol",
  "_mimage",
  "_mlog",
  "_pmspare",
  "_rimage",
  "_rmeta",
  "_tdata",
  "_tmeta",
  "_vorigin",
];

/** Why LVM would not take a name; nothing where it would, or where none is given yet. */
export function volumeNameError(name: string): string | null {
  if (name === "") return null;
  if (!/^[a-zA-Z0-9_+][a-zA-Z0-9_.+-]*$/.test(name)) {
    return "Letters, digits and _ . + - only, and neither a hyphen nor a dot first.";
  }
  if (/^(snapshot|pvmove)/.test(name) || RESERVED.some((part) => name.includes(part))) {
    return "LVM keeps that name for itself.";
  }
  return name.length > 100 ? "At most 100 letters." : null;
}

/** Why Xen's tools would not take a VM's name. */
export function vmNameError(name: string): string | null {
  if (name === "") return null;
  if (!/^[a-zA-Z0-9][a-zA-Z0-9_.+-]*$/.test(name)) {
    return "Letters, digits and + _ . - only, and a letter or digit first.";
  }
  if (/^\d+$/.test(name)) return "A number would be taken for a domain's.";
  if (name === "Domain-0") return "That is dom0's own name.";
  return name.length > 64 ? "At most 64 letters." : null;
}

/** Why no image can be at a path. */
export function pathError(path: string): string | null {
  if (path === "") return null;
  const parts = path.split("/").slice(1);
  const fits =
    path.startsWith("/") &&
    path.length > 1 &&
    path.length <= 4096 &&
    parts.every((part) => part !== "." && part !== "..");
  return fits ? null : "An absolute path without . and .., such as /data/vms/pbx.qcow2.";
}
