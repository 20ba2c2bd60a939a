import type { Job } from "../../protocol/job.ts";
import { Problem } from "../../protocol/problem.ts";
import type { Run, RunRequest } from "../../protocol/run.ts";
import { expandTemplate, type TemplateHost } from "../../protocol/snippet-text.ts";
import type { RunEngine } from "../runs/engine.ts";
import type { RunHistory } from "../runs/history.ts";
import type { EventLog } from "../runs/record/event-log.ts";
import type { StoredEvent } from "../runs/record/stored-event.ts";
import type { SudoAccess } from "../runs/sudo/sudo-gates.ts";
import type { EndedRun } from "./job-groups.ts";
import type { JobLog, RunRecord } from "./job-log.ts";

export interface JobRunsParts {
  readonly engine: Pick<RunEngine, "start" | "refuse" | "cancel" | "live">;
  readonly history: Pick<RunHistory, "events">;
  readonly events: Pick<EventLog, "lastSeq" | "last">;
  readonly templateHost: (name: string) => Promise<TemplateHost>;
}

export interface JobState {
  readonly isCancelled: () => boolean;
  /** Set if the job's hosts share a sudo password. */
  readonly sudo: SudoAccess | undefined;
}

/** How long a job waits before retrying when the queue of runs is full. */
const queueFullMs = 500;

/** The runs of jobs, as the job classes need them. */
export class JobRuns {
  readonly #parts: JobRunsParts;

  constructor(parts: JobRunsParts) {
    this.#parts = parts;
  }

  /** Starts a run; waits while the queue of runs is full. */
  async start(job: Job, request: RunRequest, { isCancelled, sudo }: JobState): Promise<Run> {
    const { engine } = this.#parts;
    const origin = { key: undefined, client: `job:${job.id}`, jobId: job.id, sudo };
    for (;;) {
      try {
        return await engine.start(await this.#finished(job, request), origin);
      } catch (failure) {
        const full = failure instanceof Problem && failure.code === "queue_full";
        if (!full || isCancelled()) return engine.refuse(request, origin, failure);
        await new Promise((resolve) => setTimeout(resolve, queueFullMs).unref());
      }
    }
  }

  /** Expands the job's template with the values for this host. */
  async #finished({ options: { template } }: Job, request: RunRequest): Promise<RunRequest> {
    if (template === undefined || template === null) return request;
    const { command, host: name } = request;
    const { inputs, values } = template;
    const host = await this.#parts.templateHost(String(name));
    return { ...request, command: expandTemplate(command, inputs, { values, host }) };
  }

  /** See `ActiveJobParts.follow`. */
  follow(run: string, log: JobLog): () => void {
    const record = this.#recordOf(run);
    const grow = (): void => {
      const lastSeq = this.#parts.engine.live(run)?.transcript.lastSeq;
      log.grown(run, record, lastSeq ?? this.#parts.events.lastSeq(run));
    };
    const transcript = this.#parts.engine.live(run)?.transcript;
    const leave = transcript?.follow(() => {
      grow();
      if (transcript.ended) leave?.();
    });
    grow();
    return grow;
  }

  /**
   * A separate function, since logs of ended jobs keep it, and it must not keep the transcripts of their runs in
   * memory.
   */
  #recordOf(run: string): RunRecord {
    return { after: (seq, maxBytes) => this.#eventsOf(run, seq, maxBytes) };
  }

  /** Returns none for a run that has been deleted. */
  #eventsOf(run: string, seq: number, maxBytes: number): readonly StoredEvent[] {
    try {
      return this.#parts.history.events(run, seq, maxBytes);
    } catch (failure) {
      if (failure instanceof Problem && failure.code === "run_unknown") return [];
      throw failure;
    }
  }

  /** The hashes in the run's last event. */
  hashesOf(run: string): EndedRun["sha256"] {
    const last = this.#parts.events.last(run);
    const isEnd = last?.kind === "control" && last.fields.type === "complete";
    return isEnd ? last.fields.sha256 : { stdout: null, stderr: null };
  }

  /** The run's current state, which the store may not have yet. */
  newest<Known extends { readonly id: string; readonly host: string }>(run: Known) {
    const live = this.#parts.engine.live(run.id)?.run;
    return live === undefined
      ? run
      : { ...run, state: live.state, outcome: live.outcome, exitCode: live.exitCode };
  }
}
