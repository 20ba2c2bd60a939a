// Writes protocol/openapi.json from protocol/api.ts. Run it after every change of the API.
import { writeFileSync } from "node:fs";
import { describeApi } from "../protocol/openapi.ts";

const path = new URL("../protocol/openapi.json", import.meta.url);
writeFileSync(path, `${JSON.stringify(describeApi(), null, 2)}\n`);
