import type { RunEvent } from "../../protocol/event.ts";
import type { Prompt, PromptAnswers } from "../../protocol/prompt.ts";
import type { TestDaemon } from "./daemon.ts";
import { openStream, type RunOptions } from "./hosted-daemon.ts";
import { readMessages, RunReading } from "./run-stream.ts";

export interface AnsweredRun extends RunOptions {
  readonly host: string;
  /** What is answered to a prompt of the run. */
  readonly answer: (prompt: Prompt) => Partial<PromptAnswers>;
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
      const { id } = event.prompt;
      const body = { answers: [], ...answer(event.prompt) };
      await daemon.client.call("answerPrompt", { params: { prompt: id }, body });
    }
    await told?.(reading, event);
  }
  return reading;
}
