import * as z from "zod";
import { Host } from "./host.ts";
import { Job } from "./job.ts";
import { Prompt, PromptOutcome } from "./prompt.ts";
import { Run } from "./run.ts";
import { SettingsValues } from "./settings.ts";
import { Connection } from "./stats.ts";
import { TestStep } from "./test-step.ts";

const base = { timestamp: z.iso.datetime() };

/**
 * The events of `GET /api/events`: changes in the daemon's state, for tree views. `reset` is sent when a stream cannot
 * be resumed from where the client left off: reload the lists.
 */
export const Change = z.discriminatedUnion("type", [
  z.object({ type: z.literal("reset"), ...base }),
  z.object({ type: z.literal("hostSaved"), ...base, host: Host }),
  z.object({ type: z.literal("hostDeleted"), ...base, id: z.int(), name: z.string() }),
  z.object({ type: z.literal("runChanged"), ...base, run: Run }),
  z.object({ type: z.literal("jobChanged"), ...base, job: Job }),
  z.object({ type: z.literal("runDeleted"), ...base, id: z.string() }),
  z.object({ type: z.literal("connectionOpened"), ...base, connection: Connection }),
  z.object({ type: z.literal("connectionClosed"), ...base, connection: Connection }),
  z.object({ type: z.literal("prompt"), ...base, prompt: Prompt }),
  z.object({ type: z.literal("promptClosed"), ...base, promptId: z.string(), outcome: PromptOutcome }),
  z.object({ type: z.literal("hostTest"), ...base, testId: z.string(), steps: z.array(TestStep) }),
  z.object({ type: z.literal("settingsChanged"), ...base, settings: SettingsValues }),
]);
export type Change = z.infer<typeof Change>;

type Timeless<C> = C extends unknown ? Omit<C, "timestamp"> : never;
/** A change without its timestamp. */
export type ChangeInput = Timeless<Change>;
