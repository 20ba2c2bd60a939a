import { endpoint, reading, writing } from "./endpoint.ts";
import { EventsQuery, StreamQuery } from "./event.ts";
import { listOf } from "./list.ts";
import { routes } from "./routes.ts";
import {
  CancelRequest,
  OutputQuery,
  RerunRequest,
  Run,
  RunQuery,
  RunRequest,
  StdinQuery,
  StdinRequest,
  StreamRequest,
} from "./run.ts";

const starting = [
  ...writing,
  "host_unknown",
  "queue_full",
  "storage_full",
  "idempotency_conflict",
  "daemon_stopped",
] as const;
const ofRun = [...reading, "run_unknown"] as const;

export const runEndpoints = {
  createRun: endpoint({
    ...routes.createRun,
    summary: "Run a command on a host",
    query: StreamQuery,
    body: RunRequest,
    status: 201,
    output: Run,
    alsoEvents: true,
    alsoFrames: true,
    problems: starting,
  }),
  streamRun: endpoint({
    method: "POST",
    path: "/api/ssh/stream",
    summary: "Run a command on a host and stream its events",
    query: StreamQuery,
    body: StreamRequest,
    status: 200,
    output: "events",
    problems: starting,
  }),
  listRuns: endpoint({
    method: "GET",
    path: "/api/runs",
    summary: "The history, newest first",
    query: RunQuery,
    status: 200,
    output: listOf(Run),
    problems: reading,
  }),
  getRun: endpoint({
    method: "GET",
    path: "/api/runs/:run",
    summary: "One run",
    status: 200,
    output: Run,
    problems: ofRun,
  }),
  runEvents: endpoint({
    ...routes.runEvents,
    summary: "A run's events from the beginning, or after Last-Event-ID",
    query: EventsQuery,
    status: 200,
    output: "events",
    alsoFrames: true,
    problems: [...ofRun, "stream_position_unknown"],
  }),
  runOutput: endpoint({
    ...routes.runOutput,
    summary: "Recorded output, byte for byte; Range is supported",
    query: OutputQuery,
    status: 200,
    output: "bytes",
    problems: [...ofRun, "range_not_satisfiable"],
  }),
  cancelRun: endpoint({
    method: "POST",
    path: "/api/runs/:run/cancel",
    summary: "Cancel a run: INT at once, then TERM and KILL after the grace time",
    body: CancelRequest,
    status: 202,
    output: Run,
    problems: [...writing, "run_unknown"],
  }),
  runStdin: endpoint({
    ...routes.runStdin,
    summary: "Write to the command's standard input",
    query: StdinQuery,
    body: StdinRequest,
    rawBody: true,
    status: 204,
    output: "none",
    problems: [...writing, "run_unknown", "conflict"],
  }),
  rerun: endpoint({
    method: "POST",
    path: "/api/runs/:run/rerun",
    summary: "Run the same command with the same options again",
    body: RerunRequest,
    status: 201,
    output: Run,
    problems: [...writing, "run_unknown", "host_unknown", "conflict", "queue_full", "storage_full"],
  }),
  deleteRun: endpoint({
    method: "DELETE",
    path: "/api/runs/:run",
    summary: "Forget an ended run and its output",
    status: 204,
    output: "none",
    problems: [...ofRun, "conflict"],
  }),
};
