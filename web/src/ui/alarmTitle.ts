// What alarms are called.

const TITLES: Readonly<Record<string, string>> = {
  backup_damaged: "Backup damaged",
  clone: "Two of one appliance",
  fatal_finding: "Fatal message in debug files",
  migration_silent: "Appliance silent in its migration",
  migration_stuck: "Migration needs a person",
  mitigation_drifted: "Mitigation not in force",
  operation_forgotten: "Operation forgotten",
  server_suspect: "Large part of the fleet silent",
  thin_pool_filling: "Thin pool filling up",
  thin_pool_full: "Thin pool all but full",
  unreconciled: "Unknown to the restored server",
};

/** A newer server may raise one that this page does not know; it is shown as it is. */
export function alarmTitle(kind: string): string {
  return TITLES[kind] ?? kind.replaceAll("_", " ");
}
