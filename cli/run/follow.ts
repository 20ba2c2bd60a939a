import { Problem } from "../../protocol/problem.ts";
import type { Ending, Shown, ShownEvent, View } from "./view.ts";

/** Events besides output while a run is followed. */
export interface Follower {
  /** The run has an id: it can be cancelled from now on. */
  started?(run: string): void;
  /** The command is running: it reads its input from now on. */
  running?(run: string): void;
  /** A prompt was opened or closed. */
  prompt?(event: PromptEvent): void;
}

/** Shows a run until it ends. */
export async function follow(
  frames: AsyncIterable<Shown>,
  view: View,
  follower: Follower = {},
): Promise<Ending> {
  let running = false;
  for await (const frame of frames) {
    await view.show(frame);
    if (!("event" in frame)) continue;
    const { event } = frame;
    if (event.type === "init") follower.started?.(event.runId);
    if (isOfPrompt(event)) follower.prompt?.(event);
    if (!running && isRunning(event)) {
      running = true;
      follower.running?.(event.runId);
    }
    if (event.type !== "complete") continue;
    return view.end(event);
  }
  throw new Problem("internal", "The event stream ended before the run did. This is a bug in Hostrun.");
}

type PromptEvent = Extract<ShownEvent, { type: "prompt" | "promptClosed" }>;

function isOfPrompt(event: ShownEvent): event is PromptEvent {
  return event.type === "prompt" || event.type === "promptClosed";
}

function isRunning(event: ShownEvent): boolean {
  return event.type === "output" || (event.type === "status" && event.state === "running");
}
