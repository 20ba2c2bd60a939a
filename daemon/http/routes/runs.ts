import type { IncomingMessage } from "node:http";
import type { Writable } from "node:stream";
import { Problem } from "../../../protocol/problem.ts";
import type { Run, RunRequest } from "../../../protocol/run.ts";
import { runEndpoints } from "../../../protocol/run-endpoints.ts";
import type { OutputDiff } from "../../diff/output-diff.ts";
import type { ProductionHosts } from "../../hosts/production-hosts.ts";
import type { RunEngine } from "../../runs/engine.ts";
import type { RunHistory } from "../../runs/history.ts";
import { chunksOf, mediaType } from "../body.ts";
import type { Handlers } from "../request-context.ts";
import { wantsFrames } from "../frames.ts";
import { headerWord } from "../header-word.ts";
import { refuseProduction } from "../production-refusal.ts";
import { runStream, type StreamRequest } from "../run-stream.ts";
import type { MessageFeed } from "../sse.ts";
import { type DaemonIdentity, refuseLate } from "../start-at-once.ts";

export interface RunRoutesParts {
  readonly production: Pick<ProductionHosts, "isProduction">;
  readonly engine: RunEngine;
  readonly history: RunHistory;
  readonly diff: OutputDiff;
  readonly own: DaemonIdentity;
}

type RunHandlers = Pick<
  Handlers,
  | "createRun"
  | "streamRun"
  | "listRuns"
  | "getRun"
  | "updateRun"
  | "runEvents"
  | "runOutput"
  | "runDiff"
  | "cancelRun"
  | "runStdin"
  | "resizeRun"
  | "rerun"
  | "deleteRun"
>;

export function runRoutes({ production, engine, history, diff, own }: RunRoutesParts): RunHandlers {
  const start = (request: RunRequest, header: Header): Promise<Run> =>
    engine.start(request, {
      key: headerWord(header, "Idempotency-Key"),
      client: headerWord(header, "Hostrun-Client") ?? "",
    });
  return {
    createRun: async ({ query, body, header }) => {
      if (query.production === "refuse") await refuseProduction(production, body.host, untilAgreed);
      refuseLate(header, own);
      const run = await start(body, header);
      return started(history, run, {
        query,
        asFrames: wantsFrames(runEndpoints.createRun, header("Accept")),
      });
    },
    streamRun: async ({ query, body, header }) => {
      const { host: name, hostId, ...rest } = body;
      const host = name ?? hostId ?? "";
      if (query.production === "refuse") await refuseProduction(production, host, untilAgreed);
      const run = await start({ host, ...rest }, header);
      return { ...runStream(history, run.id, { query, asFrames: false }), holdMs };
    },
    listRuns: ({ query }) => history.list(query),
    getRun: ({ params }) => history.get(params.run),
    updateRun: ({ params, body }) => history.annotate(params.run, body),
    runEvents: ({ params, query, header }) => {
      const asFrames = wantsFrames(runEndpoints.runEvents, header("Accept"));
      return runStream(history, params.run, { query, lastEventId: header("Last-Event-ID"), asFrames });
    },
    runOutput: ({ params, query }) => history.output(params.run, query.stream),
    runDiff: ({ params, query, signal }) => diff.compare([params.run, query.with], query.stream, signal),
    cancelRun: ({ params, body }) => {
      engine.cancel(params.run, body.graceMs);
      return history.get(params.run);
    },
    runStdin: async ({ params, query, body, request }) => {
      await history.get(params.run);
      const stdin = await engine.stdin(params.run);
      if (stdin === undefined) throw stdinClosed();
      if (mediaType(request) === "application/octet-stream") await writeBody(request, stdin);
      else if (body.data !== "") await write(stdin, Buffer.from(body.data, body.encoding));
      if (query.end === "true" || body.end) stdin.end();
      return undefined;
    },
    resizeRun: async ({ params, body }) => {
      await history.get(params.run);
      if (engine.resize(params.run, body)) return undefined;
      throw new Problem("conflict", "This run has ended, or has no terminal to resize.");
    },
    rerun: async ({ params, query, body, header }) => {
      const run = await start(history.requestOf(params.run, body), header);
      return started(history, run, { query, asFrames: wantsFrames(runEndpoints.rerun, header("Accept")) });
    },
    deleteRun: async ({ params }) => {
      await history.delete(params.run);
      return undefined;
    },
  };
}

/** Long enough for a quick command's reader to be woken only once, and not while its host begins the command. */
const holdMs = 5;

/** The response to a request that started a run, as JSON or as events. */
function started(
  history: RunHistory,
  run: Run,
  request: StreamRequest,
): { json: Run; events: () => MessageFeed } {
  return { json: run, events: () => ({ ...runStream(history, run.id, request), holdMs }) };
}

const untilAgreed = "Let a person approve the command, then repeat the request without production=refuse.";

type Header = (name: string) => string | undefined;

/** Takes as long as the client is sending, or pausing, while the run is under way; ends with the request. */
async function writeBody(request: IncomingMessage, stdin: Writable): Promise<void> {
  if (!stdin.writable) throw stdinClosed();
  const closed = new AbortController();
  const writers = writersByStdin.get(stdin) ?? trackWriters(stdin);
  writers.add(closed);
  try {
    for await (const chunk of chunksOf(request, closed.signal)) await write(stdin, chunk);
  } catch (failure) {
    throw closed.signal.aborted ? stdinClosed() : failure;
  } finally {
    writers.delete(closed);
  }
}

/** Requests that write to a command, so that a single listener on its input can abort them all. */
const writersByStdin = new WeakMap<Writable, Set<AbortController>>();

function trackWriters(stdin: Writable): Set<AbortController> {
  const writers = new Set<AbortController>();
  writersByStdin.set(stdin, writers);
  stdin.once("close", () => {
    for (const closed of writers) closed.abort();
  });
  return writers;
}

/**
 * Waits while the host accepts no more; throws if the command has closed its input. Uses the callback of the write,
 * since a listener on `stdin` would be one more for each chunk and each writer of the run.
 */
function write(stdin: Writable, chunk: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    if (!stdin.writable) throw stdinClosed();
    const isTaken = stdin.write(chunk, (failure) => {
      if (failure === null || failure === undefined) resolve();
      else reject(stdinClosed());
    });
    if (isTaken) resolve();
  });
}

function stdinClosed(): Problem {
  return new Problem(
    "conflict",
    "This run's standard input is not open: the command has ended or closed it, or the run was made without stdinOpen.",
  );
}
