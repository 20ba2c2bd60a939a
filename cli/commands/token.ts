import { type Command, parseOptions, takeWords, unknown } from "../command.ts";
import { print } from "../console.ts";
import { reachDaemon } from "../daemon-script.ts";

export const command: Command = {
  help: `Show or replace the token that clients over TCP need.

Usage: hostrun token
       hostrun token rotate

TCP is off unless the daemon is started by \`hostrun start --listen 127.0.0.1:PORT\`. Every request over it needs the header
\`Authorization: Bearer TOKEN\`. After \`rotate\` the token before is refused, and its connections are closed.
`,
  async run(args) {
    const [action = "show"] = takeWords(parseOptions(args, {}).positionals, "ACTION?");
    if (action !== "show" && action !== "rotate")
      throw unknown("command", action, ["show", "rotate"], "token ");
    await using daemon = await reachDaemon();
    if (action === "show") print(`${daemon.discovery.token}\n`);
    else {
      await daemon.call("replaceToken", { body: {} });
      print("The token was replaced. `hostrun token` shows it.\n");
    }
    return 0;
  },
};
