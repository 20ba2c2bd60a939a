import { Problem } from "../../../protocol/problem.ts";
import { visibleClause, visibleLine } from "../../../protocol/visible.ts";
import { type EndGroup, runProgram } from "../../core/run-program.ts";
import { Slots } from "../../core/slots.ts";

export interface SshProgramOptions {
  /** For `ssh`, and for the commands of a `Match exec`. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly endGroup: EndGroup;
  /** For each call; default 10 s, since a `Match exec` may take a moment. */
  readonly timeoutMs?: number;
}

/** The name whose options are computed, and from what. */
export interface SshQuery {
  /** Validated; never an option. */
  readonly name: string;
  readonly user?: string | undefined;
  readonly port?: number | undefined;
  /** Options that take precedence over the configuration, each `Keyword=value`. */
  readonly overrides?: readonly string[];
  /** The path of the configuration, "none", or undefined for the account's own and the system's. */
  readonly file?: string | undefined;
}

const maxAtOnce = 4;
const maxBytes = 256 * 1024;

/** Runs the system's `ssh -G` to evaluate a configuration, without connecting. */
export class SshProgram {
  readonly #options: SshProgramOptions;
  readonly #slots = new Slots(maxAtOnce);

  constructor(options: SshProgramOptions) {
    this.#options = options;
  }

  /**
   * The output of `ssh -G`. Throws `invalid_request` with OpenSSH's message, which names file and line; `conflict` if
   * there is no `ssh`.
   */
  async options(query: SshQuery): Promise<string> {
    const { environment, endGroup, timeoutMs = 10_000 } = this.#options;
    const result = await this.#slots.run(() =>
      runProgram({
        file: "ssh",
        args: argumentsOf(query),
        env: environment,
        timeoutMs,
        maxBytes,
        endGroup,
      }),
    );
    if (result.kind === "exited" && result.code === 0) return result.stdout.toString();
    if (result.kind === "exited") {
      throw refused(query, reasonIn(result.stderr) ?? `ssh -G ended with status ${result.code}`);
    }
    throw result.missing === true ? noSsh() : refused(query, `${result.why} (ssh -G)`);
  }
}

/** An argument vector, with the name after `--`. */
function argumentsOf({ name, user, port, overrides = [], file }: SshQuery): string[] {
  return [
    ...(file === undefined ? [] : ["-F", file]),
    "-G",
    ...(user === undefined ? [] : ["-l", user]),
    ...(port === undefined ? [] : ["-p", String(port)]),
    ...overrides.flatMap((option) => ["-o", option]),
    "--",
    name,
  ];
}

/** The lines with file and line number, without ssh's closing line and its warning about a missing terminal. */
function reasonIn(stderr: string): string | undefined {
  const lines = stderr
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "" && !/^Pseudo-terminal|terminating, \d+ bad/.test(line));
  const clauses = lines.slice(0, 3).map((line) => visibleClause(line));
  return clauses.length === 0 ? undefined : clauses.join("; ");
}

function refused({ name }: SshQuery, why: string): Problem {
  return new Problem(
    "invalid_request",
    `OpenSSH cannot say where ${visibleLine(name)} is: ${why}. Fix it in the SSH configuration; ssh itself fails the same way.`,
    { host: name, reason: "ssh_config" },
  );
}

function noSsh(): Problem {
  return new Problem(
    "conflict",
    "There is no `ssh` on this machine's PATH, and the hosts of an SSH configuration are resolved by it. Install OpenSSH's client, or save the host with its address.",
    { reason: "no_ssh" },
  );
}
