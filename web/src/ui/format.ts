// Values as people read them. Pure; the clock is an argument.

const UNITS = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"] as const;

export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (Math.abs(value) >= 1024 && unit < UNITS.length - 1) {
    value /= 1024;
    unit += 1;
  }
  const digits = unit === 0 || Math.abs(value) >= 100 ? 0 : 1;
  const text = value.toFixed(digits).replace(/\.0$/, "");
  return `${text} ${UNITS[unit]}`;
}

export function formatRate(bytesPerSecond: number): string {
  return `${formatBytes(bytesPerSecond)}/s`;
}

/** Two units at most: "3 d 4 h", "12 min", "48 s". */
export function formatDuration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const parts: Array<[number, string]> = [
    [Math.floor(whole / 86_400), "d"],
    [Math.floor((whole % 86_400) / 3600), "h"],
    [Math.floor((whole % 3600) / 60), "min"],
    [whole % 60, "s"],
  ];
  const first = parts.findIndex(([count]) => count > 0);
  if (first < 0) return "0 s";
  return parts
    .slice(first, first + 2)
    .filter(([count]) => count > 0)
    .map(([count, unit]) => `${count} ${unit}`)
    .join(" ");
}

/** "now", "3 min ago", "in 2 h". */
export function formatRelative(at: number, now: number): string {
  const seconds = Math.round((now - at) / 1000);
  const distance = Math.abs(seconds);
  if (distance < 5) return "now";
  const text = coarse(distance);
  return seconds > 0 ? `${text} ago` : `in ${text}`;
}

function coarse(seconds: number): string {
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h`;
  return `${Math.floor(seconds / 86_400)} d`;
}

export type Zone = "local" | "utc";

export function formatAbsolute(at: number, zone: Zone): string {
  const format = new Intl.DateTimeFormat("en-GB", {
    day: "numeric",
    month: "short",
    year: "numeric",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    timeZoneName: "short",
    ...(zone === "utc" ? { timeZone: "UTC" } : {}),
  });
  return format.format(at);
}

export function formatPercent(share: number): string {
  return `${Math.floor(Math.min(1, Math.max(0, share)) * 100)} %`;
}

export function count(n: number, one: string, many = `${one}s`): string {
  return `${n.toLocaleString("en-GB")} ${n === 1 ? one : many}`;
}

/** A text with the full stop that it may lack. */
export function asSentence(text: string): string {
  return /[.!?]$/.test(text) || text === "" ? text : `${text}.`;
}

/** A size as an operator types it: "20", "20 GiB", "512M". Plain numbers are GiB. */
export function parseSize(text: string): number | null {
  const found = /^\s*(\d+(?:[.,]\d+)?)\s*([KMGT]?)(?:i?B)?\s*$/i.exec(text);
  if (!found) return null;
  const [, number = "", letter = ""] = found;
  const power = { "": 3, K: 1, M: 2, G: 3, T: 4 }[letter.toUpperCase()] ?? 3;
  const bytes = Math.round(Number(number.replace(",", ".")) * 1024 ** power);
  return Number.isSafeInteger(bytes) && bytes > 0 ? bytes : null;
}

/** "vm_start" as a heading: "Start VM". */
export function operationTitle(kind: string): string {
  return TITLES[kind] ?? kind.replaceAll("_", " ");
}

const TITLES: Readonly<Record<string, string>> = {
  vm_start: "Start VM",
  vm_shutdown: "Shut down VM",
  vm_reboot: "Reboot VM",
  vm_destroy: "Destroy VM",
  vm_pause: "Pause VM",
  vm_unpause: "Unpause VM",
  vm_create: "Create VM",
  vm_change: "Change VM",
  vm_rename: "Rename VM",
  vm_autostart: "Set autostart of VM",
  vm_adopt: "Adopt VM",
  vm_remove: "Remove VM",
  vm_console_log: "Read console of VM",
  volume_create: "Create volume",
  thin_pool_create: "Create thin pool",
  volume_grow: "Grow volume",
  volume_snapshot: "Snapshot volume",
  volume_revert: "Revert volume",
  volume_rename: "Rename volume",
  volume_adopt: "Adopt volume",
  volume_remove: "Remove volume",
  image_check: "Check image",
  image_inspect: "Inspect image",
  image_repair: "Repair image",
  image_convert: "Convert image",
  usb_list: "List USB drives",
  usb_qualify: "Qualify USB drive",
  usb_prepare: "Prepare USB drive",
  backup_list: "List backup sets",
  backup_create: "Back up VMs",
  backup_verify: "Verify backup",
  backup_restore: "Restore VM",
  backup_compare: "Compare backup",
  backup_prune: "Make room for backups",
  backup_import: "Take over a backup",
  mitigation_check: "Check mitigations",
  mitigation_apply: "Apply mitigation",
  mitigation_revert: "Revert mitigation",
  migration_preflight: "Preflight of the migration",
  stress_run: "Stress test",
  appliance_reboot: "Reboot appliance",
  debug_bundle: "Collect debug bundle",
};

export const OPERATION_KINDS: readonly string[] = Object.keys(TITLES);
