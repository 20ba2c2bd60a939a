import { cp, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { version } from "../../package.json";
import { builtDaemon } from "./cli.ts";

export interface OtherVersion {
  readonly daemon: string;
  readonly cli: string;
}

/** The build that is tested, as a copy in `folder` that takes itself for another version. */
export async function buildAs(other: string, folder: string): Promise<OtherVersion> {
  await cp(dirname(builtDaemon), folder, { recursive: true });
  for (const name of ["daemon-main.cjs", "hostrun.cjs"]) {
    const path = join(folder, name);
    const [before, after, ...more] = (await readFile(path, "utf8")).split(`"${version}"`);
    if (after === undefined || more.length > 0) throw new Error(`${name} does not have its version once`);
    await writeFile(path, `${before}"${other}"${after}`);
  }
  return { daemon: join(folder, "daemon.cjs"), cli: join(folder, "cli.cjs") };
}
