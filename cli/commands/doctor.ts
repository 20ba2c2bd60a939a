import { examine } from "../../client/doctor.ts";
import { placesIn } from "../../client/places.ts";
import { version } from "../../package.json";
import type { DoctorCheck } from "../../protocol/doctor.ts";
import { visible } from "../../protocol/visible.ts";
import { paint, type Style } from "../colour.ts";
import type { Command } from "../command.ts";
import { parseOptions, takeWords } from "../command.ts";
import { daemonNodeVersion } from "../daemon-node-version.ts";
import { daemonRuntime, daemonScript } from "../daemon-script.ts";
import { formatHelp, formatOptions, parseFormat, showAll } from "../format.ts";

export const command: Command = {
  help: `Diagnose problems with the state directory, ssh, the agent, the daemon and its store, and suggest fixes.

Usage: hostrun doctor [OPTION...]

\`hostrun doctor\` changes nothing and does not start the daemon. Each problem is shown with a fix.

${formatHelp}
Exit status: 0, also with warnings and skipped checks; 1 when something failed.
`,
  async run(args) {
    const { values, positionals } = parseOptions(args, formatOptions);
    takeWords(positionals);
    const format = parseFormat(values);
    const nodeVersion = daemonNodeVersion();
    const checks = await examine({
      places: placesIn(),
      version,
      environment: process.env,
      nodeVersion,
      daemonScript,
      daemonRuntime: daemonRuntime(),
    });
    showAll(format, checks, () => checks.map(linesOf).join(""));
    return checks.some(({ state }) => state === "failed") ? 1 : 0;
  },
};

const styles: Readonly<Record<DoctorCheck["state"], Style>> = {
  ok: "green",
  warning: "yellow",
  failed: "red",
  skipped: "dim",
};

function linesOf({ name, state, message, fix }: DoctorCheck): string {
  const head = `${paint(state.padEnd(7), styles[state], process.stdout)}  ${name}: ${visible(message)}\n`;
  return fix === null ? head : `${head}         ${visible(fix)}\n`;
}
