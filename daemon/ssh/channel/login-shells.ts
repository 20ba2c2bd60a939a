import { inTime } from "../../core/in-time.ts";
import { timeLimit } from "../../core/loop-time.ts";
import type { LoginShell, ShellMemory } from "../../transport/login-shell.ts";
import type { RemoteAnswer } from "../../transport/remote.ts";
import type { SshConnection } from "../connect/ssh-connection.ts";
import { execHelper } from "./exec-helper.ts";
import { openChannel } from "./exec.ts";
import { canOpenAhead } from "../ssh2-internals.ts";

/** How long to wait for the host's reply; longer if the command depends on it. */
const answerTimeoutMs = { asked: 3000, needed: 60_000 };

/** Every shell parses this alike, and prints its own path. */
const shellQuery = `/bin/sh -c 'echo "hostrun-shell:$SHELL:"'`;

/**
 * Linux starts no program with an argument or variable of more than 131,072 bytes, the last one a zero byte. OpenSSH
 * gives the requested command to the login shell as an argument, but to a forced command as SSH_ORIGINAL_COMMAND=…: of
 * this length the query itself can start, and a forced command cannot.
 */
const lengthForShellsOnly = 131_072 - 8;

/** Determines what runs a login's commands: from memory, or by querying the host once. */
export class LoginShells {
  readonly #memory: ShellMemory;
  readonly #known = new Map<string, LoginShell>();
  readonly #asking = {
    asked: new Map<string, Promise<LoginShell>>(),
    needed: new Map<string, Promise<LoginShell>>(),
  };
  /** Queried once without a reply: another run must not wait as long. */
  readonly #silent = new WeakSet<SshConnection>();
  /** Logins whose server closed the connection at the query: the next connection must not end like that, too. */
  readonly #closing = new Set<string>();

  constructor(memory: ShellMemory) {
    this.#memory = memory;
  }

  /**
   * Synchronous if the shell is known; "none", for this time, if the host cannot be queried. With `needed`, slow start
   * files are waited for: the caller has a deadline and depends on the result.
   */
  of(connection: SshConnection, needed: boolean): LoginShell | Promise<LoginShell> {
    const login = loginOf(connection);
    const known = this.#known.get(login) ?? tried(() => this.#memory.get(login));
    if (known !== undefined) {
      this.#known.set(login, known);
      return known;
    }
    if (!needed && this.#silent.has(connection)) return "none";
    if (this.#closing.has(login)) return "none";
    const how = needed ? "needed" : "asked";
    const asking = this.#asking[how].get(login) ?? this.#ask(login, connection, how);
    this.#asking[how].set(login, asking);
    return asking;
  }

  forget(connection: SshConnection): void {
    const login = loginOf(connection);
    this.#known.delete(login);
    this.#closing.delete(login);
    tried(() => this.#memory.forget(login));
  }

  async #ask(
    login: string,
    connection: SshConnection,
    how: keyof typeof answerTimeoutMs,
  ): Promise<LoginShell> {
    try {
      // TinySSH closes the connection at a second session; only servers known to allow one are queried.
      if (!/^(OpenSSH|dropbear)_/.test(connection.server)) return "none";
      const stop = connection.forceAcks();
      const answer = await queryShell(connection, answerTimeoutMs[how]).finally(stop);
      if (answer === undefined) {
        this.#silent.add(connection);
        if (connection.closeReason !== undefined) this.#closing.add(login);
        return "none";
      }
      const shell = parseShellAnswer(answer.output);
      this.#known.set(login, shell);
      tried(() => this.#memory.set(login, shell));
      return shell;
    } finally {
      this.#asking[how].delete(login);
    }
  }
}

/** A forced command must not run once more because of our query, whether the server reported one or not. */
async function queryShell(connection: SshConnection, timeoutMs: number): Promise<RemoteAnswer | undefined> {
  if (!canOpenAhead(connection.client)) return undefined;
  using limit = timeLimit(timeoutMs);
  const work = openChannel(connection);
  const opening = await inTime(limit.signal, work);
  if (opening === undefined) void work.then((opened) => opened.kind === "opened" && opened.channel.close());
  if (opening?.kind !== "opened") return undefined;
  if (await connection.forcesCommand()) {
    opening.channel.close();
    return undefined;
  }
  const opened = [opening.channel];
  const takeSpare = () => opened.pop();
  return await execHelper(connection, queryFor(connection), { deadlineMs: timeoutMs, takeSpare });
}

/** dropbear refuses long commands, Windows cannot start them, and neither has a ForceCommand that goes unreported. */
function queryFor({ server }: SshConnection): string {
  const isPadded = server.startsWith("OpenSSH_") && !server.startsWith("OpenSSH_for_Windows");
  return isPadded ? shellQuery.padEnd(lengthForShellsOnly) : shellQuery;
}

/** If the disk is full or broken, the shell is not remembered but the run goes on: the host is queried again. */
function tried<Value>(use: () => Value): Value | undefined {
  try {
    return use();
  } catch {
    return undefined;
  }
}

/** Another key of the same account may get another shell, or another machine. */
function loginOf({ logins }: SshConnection): string {
  return JSON.stringify(logins);
}

/** Parses the output of `shellQuery`; start files may have printed something before it. */
function parseShellAnswer(output: string): LoginShell {
  const path = /hostrun-shell:([^:\n]*):/.exec(output)?.[1];
  if (path === undefined) return "none";
  return families.get(path.slice(path.lastIndexOf("/") + 1)) ?? "other";
}

const families: ReadonlyMap<string, LoginShell> = new Map([
  ...["sh", "bash", "dash", "ash", "zsh", "ksh", "mksh"].map((name) => [name, "bourne"] as const),
  ...["csh", "tcsh"].map((name) => [name, "csh"] as const),
  ["fish", "fish"],
]);
