import type { RunEvent } from "../../protocol/event.ts";
import type { Prompt, PromptAnswers } from "../../protocol/prompt.ts";
import type { TestDaemon } from "./daemon.ts";
import { openStream, type RunOptions } from "./hosted-daemon.ts";
import { readMessages, RunReading } from "./run-stream.ts";

export interface AnsweredRun extends RunOptions {
  readonly host: string;
  /** What is answered to a prompt of the run. */
  readonly answer: (prompt: Prompt) => Partial<PromptAnswers> | "decline";
  /** Called with each event, and waited for. */
  readonly told?: (reading: RunReading, event: RunEvent) => unknown;
}

/** A run to its end, with a person there who answers. */
export async function runAnswered(
  daemon: TestDaemon,
  command: string,
  { answer, told, ...options }: AnsweredRun,
): Promise<RunReading> {
  const reading = new RunReading();
  const stream = await openStream(daemon, command, { prompts: "ask", ...options });
  for await (const message of readMessages(stream)) {
    const event = reading.take(message);
    if (event.type === "prompt") {
      const params = { prompt: event.prompt.id };
      const answered = answer(event.prompt);
      if (answered === "decline") await daemon.client.call("declinePrompt", { params });
      else await daemon.client.call("answerPrompt", { params, body: { answers: [], ...answered } });
    }
    await told?.(reading, event);
  }
  return reading;
}
