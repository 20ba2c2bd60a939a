import type { Job, JobRequest } from "../../protocol/job.ts";
import { uuidv7 } from "../core/uuid.ts";
import { countsOf } from "./job-counts.ts";

/** A job in its initial state; of secrets and settings of the client, it keeps only the names, if anything. */
export function newJob(request: JobRequest, hosts: readonly string[], createdAt: string): Job {
  const { targets, command, name, stdin: _stdin, secretEnv, agentSocket: _, ...options } = request;
  const secretEnvNames = Object.keys(secretEnv);
  return {
    id: uuidv7(),
    name,
    command,
    targets,
    hosts: [...hosts],
    options: { ...options, ...(secretEnvNames.length === 0 ? {} : { secretEnvNames }) },
    state: "running",
    outcome: null,
    counts: countsOf(hosts.length, [], { begun: 0, over: false }),
    skipReason: null,
    createdAt,
    startedAt: null,
    endedAt: null,
  };
}
