import * as z from "zod";
import { Command, RunOptions } from "../../protocol/run.ts";

export const taskType = "hostrun";

const { useBash, loginShell, cwd, env, pty, durable, timeoutMs } = RunOptions.shape;

/** A task of tasks.json, its variables (`${file}`, `${input:NAME}`) filled in; the options mean what they mean to the API. */
export const RunTask = z.object({
  host: z.string().min(1),
  command: Command,
  useBash,
  loginShell,
  cwd,
  env,
  pty,
  durable,
  timeoutMs,
});
export type RunTask = z.infer<typeof RunTask>;
