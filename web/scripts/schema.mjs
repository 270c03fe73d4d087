// Turns openapi.json, which the server's test `openapi_is_current` writes, into TypeScript types.
// With --check it only says whether the committed types are those.
import { readFile, writeFile } from "node:fs/promises";
import openapiTS, { astToString } from "openapi-typescript";

const spec = new URL("../openapi.json", import.meta.url);
const types = new URL("../src/api/schema.d.ts", import.meta.url);
const header = "// Generated from openapi.json by `npm run generate`; do not edit.\n\n";

const wanted = header + astToString(await openapiTS(spec));
if (process.argv.includes("--check")) {
  const found = await readFile(types, "utf8").catch(() => "");
  if (found !== wanted) {
    console.error("src/api/schema.d.ts is not what openapi.json says: run `npm run generate`.");
    process.exit(1);
  }
} else {
  await writeFile(types, wanted);
}
