import type { OutputStream } from "../../protocol/event.ts";
import { pooledRandom } from "../core/pooled-random.ts";
import type { LoginShell } from "../transport/login-shell.ts";
import type { ExecRequest, RemoteEnd } from "../transport/remote.ts";
import { CommandInput } from "./command/command-input.ts";
import { commandLine, isSilent, terminalOf, textAlone } from "./command/command-line.ts";
import { PidMarkerFilter, type SudoListener, withPidMarker } from "./command/pid-marker.ts";
import { sudoCommandLine } from "./command/sudo-command.ts";
import type { ExecutionOptions } from "./execution-options.ts";
import type { StopReason } from "./terminate/stop-controller.ts";
import { noShellForSudo } from "./sudo/sudo-problems.ts";

/** A command as sent to its host, preceded by Hostrun's own part, and the filter that removes that part's output. */
export class SentCommand {
  /** What the command's shells read before the command does. */
  readonly input = new CommandInput();
  readonly pidMarker: PidMarkerFilter;
  /** The stream that carries our own output: on a terminal, standard error is merged into standard output. */
  readonly markerStream: OutputStream;
  readonly #options: ExecutionOptions;
  readonly #token = pooledRandom(6).toString("hex");
  #shell: LoginShell = "none";
  /** Whether the command was sent with our own part before it. */
  #marked = false;
  #isWithWorker = false;

  constructor(options: ExecutionOptions, sudo: SudoListener | undefined) {
    this.#options = options;
    this.markerStream = options.request.pty ? "stdout" : "stderr";
    this.pidMarker = new PidMarkerFilter(this.#token, () => this.input.ask(), sudo);
  }

  /** The shell that the command was written for. */
  get shell(): LoginShell {
    return this.#shell;
  }

  /** False: it is certain that no host has received it. */
  get mayBeSent(): boolean {
    return this.#marked;
  }

  /** Whether a worker has been given it. The worker may start it at any moment, or has. */
  get isWithWorker(): boolean {
    return this.#isWithWorker;
  }

  /** fish exits with 0 for a line that it cannot parse, and runs nothing of it. */
  isUnread(end: RemoteEnd): boolean {
    const { pid, shown } = this.pidMarker;
    return end.kind === "exited" && end.code === 0 && pid === undefined && shown;
  }

  /** Whether the next run should detect the login shell again; `stopped`: why the run was to end. */
  misjudgedShell(end: RemoteEnd, stopped: StopReason | undefined): boolean {
    if (this.#shell === "none") return stopped !== undefined;
    return end.kind === "exited" && this.pidMarker.pid === undefined;
  }

  execRequest(): ExecRequest {
    const { request, loginShell, worker, askedAt, environment, connectTimeoutMs, questioner } = this.#options;
    const options = { ...request, loginShell, variables: { ...request.env, ...request.secretEnv } };
    const reading = { from: request.pty ? "terminal" : "requested", token: this.#token } as const;
    return {
      text: worker === "off" ? undefined : textAlone(request, options, reading),
      onTextSent: (mayRun) => {
        this.#isWithWorker = mayRun;
      },
      command: (shell: LoginShell) => {
        this.#shell = shell;
        this.#marked = true;
        if (request.sudo && shell === "none") throw noShellForSudo(this.#options.target);
        const command =
          request.sudo && shell !== "none"
            ? sudoCommandLine(request.command, options, shell, reading)
            : commandLine(request.command, options, shell, reading);
        const marked = withPidMarker(command, shell, this.#token);
        this.pidMarker.expect(marked, command.inputs.length, shell);
        this.input.expect(command.inputs);
        return marked.line;
      },
      env: (shell: LoginShell) => (shell === "none" ? options.variables : { ...environment, ...request.env }),
      pty: terminalOf(request),
      inputEnds: () => isSilent(request) && this.input.isNone,
      connectTimeoutMs,
      agentSocket: request.agentSocket,
      askedAt,
      questioner,
    };
  }

  /** The command's own bytes in a chunk. */
  take(stream: OutputStream, chunk: Buffer): Buffer {
    return this.#marked && stream === this.markerStream ? this.pidMarker.take(chunk) : chunk;
  }
}
