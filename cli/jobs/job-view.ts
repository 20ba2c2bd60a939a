import type { JobEvent } from "../../protocol/job-event.ts";
import { formatBytes } from "../../protocol/size.ts";
import { visibleJson } from "../../protocol/visible.ts";
import { warn, warnOf } from "../console.ts";
import type { TerminalPrompts } from "../prompts/terminal-prompts.ts";
import type { ViewOptions } from "../run/show-options.ts";
import { Sink } from "../run/sink.ts";
import { terminalLines } from "../terminal-lines.ts";
import { HostLines } from "../../client/host-lines.ts";
import type { ProgressLine } from "./progress-line.ts";

/** Shows the events of a job: each line of output prefixed with its host's name, or everything as JSON. */
export class JobView {
  readonly stdout = new Sink("stdout");
  readonly #stderr = new Sink("stderr");
  readonly #view: ViewOptions;
  readonly #prompts: TerminalPrompts;
  readonly #progress: ProgressLine | undefined;
  readonly #hosts = new Map<string, string>();
  readonly #lines = new HostLines((stream, text) => {
    const shown = process[stream].isTTY ? terminalLines(text) : text;
    return (stream === "stdout" ? this.stdout : this.#stderr).write(shown);
  });

  constructor(
    view: ViewOptions,
    { prompts, progress }: { readonly prompts: TerminalPrompts; readonly progress: ProgressLine | undefined },
  ) {
    this.#view = view;
    this.#prompts = prompts;
    this.#progress = progress;
  }

  async take(event: JobEvent): Promise<void> {
    this.#progress?.erase();
    this.#progress?.take(event);
    // Several runs that wait for one connection share a prompt.
    if (event.type === "prompt") this.#prompts.opened(event.prompt);
    else if (event.type === "promptClosed") this.#prompts.closed(event.promptId);
    if (this.#view.json) {
      await this.stdout.write(`${visibleJson(JSON.stringify(event))}\n`);
      return;
    }
    if (event.type === "jobComplete") return;
    if (event.type === "init") this.#hosts.set(event.runId, event.run.host.name);
    const host = this.#hosts.get(event.runId) ?? event.runId;
    if (event.type === "output") {
      await this.#lines.take(host, event.stream, Buffer.from(event.data, event.encoding ?? "utf8"));
    } else if (event.type === "complete") await this.#lines.end(host);
    else await this.#note(event, host);
  }

  async #note(event: Exclude<JobEvent, { type: "jobComplete" }>, host: string): Promise<void> {
    const { verbose, quiet } = this.#view;
    if (event.type === "gap" && !quiet) {
      await this.#lines.end(host);
      const lost = formatBytes(event.to - event.from);
      warn(
        `${host}: ${lost} of ${event.stream} lost: the record limit was exceeded before it was read here.`,
      );
    } else if (event.type === "status" && verbose) warn(`${host}: ${event.message}`);
    else if (event.type === "error" && verbose)
      warnOf({ message: event.problem.detail, members: event.problem });
  }
}
