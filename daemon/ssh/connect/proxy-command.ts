import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { Duplex, type Readable, type Writable } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import { Problem } from "../../../protocol/problem.ts";
import { visibleClause, visibleLines } from "../../../protocol/visible.ts";
import type { EndGroup } from "../../core/run-program.ts";
import type { Hop } from "../../transport/remote.ts";
import { membersOf, nameOf } from "../failure.ts";

export interface ProxyContext {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly endGroup: EndGroup;
}

const maxOutputLength = 2048;
/** A command that ends has written its last message by then. */
const lastOutputMs = 250;

/**
 * The standard input and output of a hop's ProxyCommand as a connection. As with ssh, the user's shell runs it by `exec`;
 * it has a process group of its own, which is ended with the connection.
 */
export class ProxyConnection extends Duplex {
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly #endGroup: EndGroup;
  #output = "";
  #ended: string | undefined;
  #killed = false;
  readonly #over: Promise<unknown>;

  constructor(command: string, { environment, endGroup }: ProxyContext) {
    super();
    this.#endGroup = endGroup;
    // An empty value counts as unset.
    const shell = environment["SHELL"] || "/bin/sh";
    this.#child = spawn(shell, ["-c", `exec ${command}`], {
      stdio: ["pipe", "pipe", "pipe"],
      env: environment,
      detached: true,
      windowsHide: true,
    });
    const { stdin, stdout, stderr } = this.#child;
    // Errors of its streams are ignored: a failure shows in the end of its output, and in its exit.
    for (const stream of [stdin, stdout, stderr]) stream.on("error", () => undefined);
    stdout.on("data", (chunk: Buffer) => {
      if (!this.push(chunk)) stdout.pause();
    });
    stdout.on("end", () => this.push(null));
    stderr.on("data", (chunk: Buffer) => {
      this.#output = (this.#output + chunk.toString("latin1")).slice(-maxOutputLength);
    });
    this.#child.on("error", () => {
      this.#ended = "could not be started";
      this.destroy();
    });
    this.#child.once("exit", (code, signal) => {
      if (!this.#killed)
        this.#ended = code === null ? `was ended by ${signal ?? "a signal"}` : `ended with status ${code}`;
    });
    // Its last output may arrive after its exit.
    this.#over = once(this.#child, "close").catch(() => undefined);
    void this.#over.then(() => this.destroy());
  }

  /**
   * Ends it. Resolves to what a failed login should report of it; undefined if it neither ended by itself nor printed
   * anything.
   */
  async endWithReport(): Promise<string | undefined> {
    this.destroy();
    await this.#lastOutput();
    const output = visibleClause(visibleLines(Buffer.from(this.#output, "latin1").toString()));
    if (this.#ended === undefined && output === "") return undefined;
    const how = this.#ended ?? "did not answer";
    return `Its ProxyCommand ${how}${output === "" ? " without a message" : `: ${output}`}`;
  }

  override _read(): void {
    this.#child.stdout.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (failure?: Error | null) => void): void {
    this.#child.stdin.write(chunk, () => done());
  }

  override _final(done: (failure?: Error | null) => void): void {
    this.#child.stdin.end(() => done());
  }

  override _destroy(failure: Error | null, done: (failure?: Error | null) => void): void {
    // If it is about to end by itself, its last message is still to come.
    if (this.#child.stdout.readableEnded) void this.#lastOutput().then(() => this.#kill());
    else this.#kill();
    done(failure);
  }

  async #lastOutput(): Promise<void> {
    await Promise.race([this.#over, delay(lastOutputMs, undefined, { ref: false })]);
  }

  #kill(): void {
    const { pid, stdin, stdout, stderr } = this.#child;
    this.#killed = true;
    if (pid !== undefined) this.#endGroup(pid);
    for (const stream of [stdin, stdout, stderr]) stream.destroy();
  }
}

/** A hop's problem, with the output of its ProxyCommand if that is the cause. */
export async function withProxyReport(hop: Hop, problem: unknown, proxy: ProxyConnection): Promise<unknown> {
  const report = await proxy.endWithReport();
  if (!(problem instanceof Problem) || report === undefined) return problem;
  if (problem.code === "protocol_error") {
    return new Problem(problem.code, `${problem.message} ${report}.`, problem.members);
  }
  if (problem.code !== "host_unreachable") return problem;
  const detail = `${nameOf(hop)} cannot be reached. ${report}. Check the command in its SSH configuration.`;
  const members = { ...membersOf(hop), reason: "proxy_command" };
  return new Problem("host_unreachable", detail, { ...members, cause: problem });
}
