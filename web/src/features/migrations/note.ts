import { migrationDetail, type Migration } from "../../api/migrations";
import { queries } from "../../live/live";

/** Shows a new or changed migration everywhere. */
export function noteMigration(migration: Migration): void {
  queries.setQueryData(migrationDetail(migration.id).queryKey, migration);
  void queries.invalidateQueries({ queryKey: ["migrations"] });
  void queries.invalidateQueries({ queryKey: ["migration", migration.id, "records"] });
}
