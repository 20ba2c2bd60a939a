import { openDaemon, type Daemon } from "../../client/daemon.ts";
import type { Command } from "../command.ts";
import { parseOptions, takeWords, unknown } from "../command.ts";
import { answerMs, candidates } from "../completion/candidates.ts";
import bash from "../completion/hostrun.bash";
import fish from "../completion/hostrun.fish";
import zsh from "../completion/hostrun.zsh";
import { print } from "../console.ts";

const scripts: Readonly<Record<string, string>> = { bash, zsh, fish };

export const command: Command = {
  help: `Print a shell's completion script, which completes commands, options, and the names of
hosts, tags and groups.

Usage: hostrun completion bash|zsh|fish

  source <(hostrun completion bash)    in ~/.bashrc
  source <(hostrun completion zsh)     in ~/.zshrc, behind compinit
  hostrun completion fish | source     in ~/.config/fish/config.fish

Names are asked of the daemon; where none runs, none is started for it.
`,
  async run(args) {
    const [first, ...words] = args;
    if (first === "words") return printCandidates(words[0] === "--" ? words.slice(1) : words);
    const { positionals } = parseOptions(args, {});
    const [shell] = takeWords(positionals, "SHELL");
    const script = Object.hasOwn(scripts, shell) ? scripts[shell] : undefined;
    if (script === undefined) throw unknown("shell", shell, Object.keys(scripts));
    print(script);
    return 0;
  },
};

/** Prints the candidates for the completion scripts, one per line; nothing on failure. */
async function printCandidates(words: readonly string[]): Promise<number> {
  await using stack = new AsyncDisposableStack();
  const daemon = async (): Promise<Daemon> =>
    stack.use(await openDaemon({ keepConnections: false }, AbortSignal.timeout(answerMs)));
  try {
    print((await candidates(words, daemon)).map((word) => `${word}\n`).join(""));
    return 0;
  } catch {
    return 1;
  }
}
