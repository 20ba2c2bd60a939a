import * as z from "zod";
import { JobRequest, Targets } from "../../protocol/job.ts";
import { Command, RunOptions } from "../../protocol/run.ts";

export const taskType = "hostrun";

const { useBash, loginShell, cwd, env, pty, sudo, durable, timeoutMs } = RunOptions.shape;

const options = { command: Command, useBash, loginShell, cwd, env, pty, sudo, durable, timeoutMs };
const { concurrency, batches, failFast, maxFailures, sameSudoPassword } = JobRequest.shape;

/**
 * A task of tasks.json with its variables (`${file}`, `${input:NAME}`) expanded; the options have the same meaning as
 * in the API.
 */
export const RunTask = z.object({ host: z.string().min(1), ...options });
export type RunTask = z.infer<typeof RunTask>;

/** A task with `targets` instead of a host, which runs as a job. */
export const JobTask = z.object({
  targets: Targets,
  ...options,
  concurrency,
  batches,
  failFast,
  maxFailures,
  sameSudoPassword,
});
export type JobTask = z.infer<typeof JobTask>;
