import { inTime } from "../../core/in-time.ts";
import { timeLimit } from "../../core/loop-time.ts";
import type { LoginShell, ShellMemory } from "../../transport/login-shell.ts";
import type { RemoteAnswer } from "../../transport/remote.ts";
import type { SshConnection } from "../connect/ssh-connection.ts";
import { execHelper } from "./exec-helper.ts";
import { openChannel } from "./exec.ts";
import { canOpenAhead } from "../ssh2-internals.ts";

/** A host that does not say is asked for so long; where the command cannot do without, longer. */
const answerTimeoutMs = { asked: 3000, needed: 60_000 };

/** Every shell there is reads this the same way, and says which one it is. */
const shellQuery = `/bin/sh -c 'echo "hostrun-shell:$SHELL:"'`;

/** Finds out what runs a login's commands: from memory, or by asking the host once. */
export class LoginShells {
  readonly #memory: ShellMemory;
  readonly #known = new Map<string, LoginShell>();
  readonly #asking = {
    asked: new Map<string, Promise<LoginShell>>(),
    needed: new Map<string, Promise<LoginShell>>(),
  };
  /** Asked once, in vain: another run must not wait as long. */
  readonly #silent = new WeakSet<SshConnection>();

  constructor(memory: ShellMemory) {
    this.#memory = memory;
  }

  /**
   * Without waiting where it is known; a host that cannot be asked is "none" for this time. With `needed` slow start
   * files are waited for: the caller has a deadline, and cannot do without.
   */
  of(connection: SshConnection, needed: boolean): LoginShell | Promise<LoginShell> {
    const login = loginOf(connection);
    const known = this.#known.get(login) ?? tried(() => this.#memory.get(login));
    if (known !== undefined) {
      this.#known.set(login, known);
      return known;
    }
    if (!needed && this.#silent.has(connection)) return "none";
    const how = needed ? "needed" : "asked";
    const asking = this.#asking[how].get(login) ?? this.#ask(login, connection, how);
    this.#asking[how].set(login, asking);
    return asking;
  }

  forget(connection: SshConnection): void {
    const login = loginOf(connection);
    this.#known.delete(login);
    tried(() => this.#memory.forget(login));
  }

  async #ask(
    login: string,
    connection: SshConnection,
    how: keyof typeof answerTimeoutMs,
  ): Promise<LoginShell> {
    try {
      // TinySSH gives up the connection at a second session; what is not known to bear one is left alone.
      if (!/^(OpenSSH|dropbear)_/.test(connection.server)) return "none";
      const stop = connection.forceAcks();
      const answer = await queryShell(connection, answerTimeoutMs[how]).finally(stop);
      if (answer === undefined) {
        this.#silent.add(connection);
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

/** Not where it would run something else: a forced command must not run once more for a question of ours. */
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
  return await execHelper(connection, shellQuery, { deadlineMs: timeoutMs, takeSpare });
}

/** A disk that is full or broken costs the memory, not the run: without it the host is asked again. */
function tried<Value>(use: () => Value): Value | undefined {
  try {
    return use();
  } catch {
    return undefined;
  }
}

/** Of one account another key may be given another shell, or another machine. */
function loginOf({ logins }: SshConnection): string {
  return JSON.stringify(logins);
}

/** Reads the answer to `shellQuery`; start files may have said something before it. */
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
