import { expect, test } from "vitest";

import type { Migration, MigrationRecord, MigrationRow } from "../../src/api/migrations";
import type { components } from "../../src/api/schema";

type Schemas = components["schemas"];

// The compiler is what checks this: whatever the API's description says has to be what the pages read.
test("what the API's description says of a migration is what the pages read", () => {
  const row = (described: Schemas["MigrationRow"]): MigrationRow => described;
  const whole = (described: Schemas["Migration"]): Migration => described;
  const record = (described: Schemas["MigrationRecord"]): MigrationRecord => described;

  expect([row, whole, record].every((read) => typeof read === "function")).toBe(true);
});
