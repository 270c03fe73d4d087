// Turns openapi.json, which the server's test `openapi_is_current` writes, into TypeScript types.
// With --check it only says whether the committed types are those.
import { readFile, writeFile } from "node:fs/promises";
import openapiTS, { astToString } from "openapi-typescript";

const spec = new URL("../openapi.json", import.meta.url);
const types = new URL("../src/api/schema.d.ts", import.meta.url);
const header = "// Generated from openapi.json by `npm run generate`; do not edit.\n\n";

// The client knows a route by its method and path; ids of operations would only have to be unique.
const document = JSON.parse(await readFile(spec, "utf8"));
for (const item of Object.values(document.paths)) {
  for (const operation of Object.values(item)) delete operation.operationId;
}

const wanted = header + astToString(await openapiTS(document));
if (process.argv.includes("--check")) {
  const found = await readFile(types, "utf8").catch(() => "");
  if (found !== wanted) {
    console.error("src/api/schema.d.ts is not what openapi.json says: run `npm run generate`.");
    process.exit(1);
  }
} else {
  await writeFile(types, wanted);
}
