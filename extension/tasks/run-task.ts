import * as z from "zod";
import { JobRequest, Targets } from "../../protocol/job.ts";
import { Command, RunOptions } from "../../protocol/run.ts";

export const taskType = "hostrun";

const { useBash, loginShell, cwd, env, pty, sudo, durable, timeoutMs } = RunOptions.shape;

const options = { command: Command, useBash, loginShell, cwd, env, pty, sudo, durable, timeoutMs };
const { concurrency, batches, failFast, maxFailures, sameSudoPassword } = JobRequest.shape;

/** A task of tasks.json, its variables (`${file}`, `${input:NAME}`) filled in; the options mean what they mean to the API. */
export const RunTask = z.object({ host: z.string().min(1), ...options });
export type RunTask = z.infer<typeof RunTask>;

/** One that runs on many hosts, as a job, where it names `targets` in the place of a host. */
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
