import { checkStart } from "../../client/check-start.ts";
import { placesIn } from "../../client/places.ts";
import type { Command } from "../command.ts";
import { parseOptions, takeWords } from "../command.ts";
import { stopDaemon, stopOptions } from "../control/stop.ts";
import { daemonRuntime, daemonScript } from "../daemon-script.ts";
import { listenArguments, startDaemon } from "./start.ts";

export const command: Command = {
  help: `Stop the daemon, if it runs, and start it again.

Usage: hostrun restart [OPTION...]

  --drain           wait until the runs that there are have ended
  --force           kill it when it does not stop by itself
  --listen ADDRESS  listen on TCP as well, as \`hostrun start\` has it
`,
  async run(args) {
    const options = { ...stopOptions, listen: { type: "string" } } as const;
    const { values, positionals } = parseOptions(args, options);
    takeWords(positionals);
    await checkStart({
      places: placesIn(),
      daemonScript,
      daemonRuntime: daemonRuntime(),
      daemonArguments: listenArguments(values.listen),
    });
    await stopDaemon({ drain: values.drain ?? false, force: values.force ?? false });
    return startDaemon(values.listen);
  },
};
