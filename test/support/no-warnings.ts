import { afterAll, afterEach } from "vitest";

/** For vitest's setupFiles: a test fails during which the process of the tests itself warns of something. */
const warnings: Error[] = [];
process.on("warning", (warning) => warnings.push(warning));

function check(): void {
  const seen = warnings.splice(0);
  if (seen.length > 0) throw new AggregateError(seen, `The process warned: ${seen.map(String).join("; ")}`);
}

afterEach(check);
afterAll(check);
