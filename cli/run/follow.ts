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
  /** There was nothing after the place from which the run was to be followed. */
  pastEnd?(): Promise<Ending>;
}

/** Shows a run until it ends. However that ends, the terminal is left as it was before what was replayed on it. */
export async function follow(
  frames: AsyncIterable<Shown>,
  view: View,
  follower: Follower = {},
): Promise<Ending> {
  try {
    return await showAll(frames, view, follower);
  } finally {
    await view.leave();
  }
}

async function showAll(frames: AsyncIterable<Shown>, view: View, follower: Follower): Promise<Ending> {
  let running = false;
  let isEmpty = true;
  for await (const frame of frames) {
    isEmpty = false;
    await view.show(frame);
    if (!("event" in frame)) continue;
    const { event } = frame;
    report(event, follower);
    if (!running && isRunning(event)) {
      running = true;
      follower.running?.(event.runId);
    }
    if (event.type !== "complete") continue;
    return view.end(event);
  }
  if (isEmpty && follower.pastEnd !== undefined) return follower.pastEnd();
  throw new Problem("internal", "The event stream ended before the run did. This is a bug in Hostrun.");
}

function report(event: ShownEvent, follower: Follower): void {
  if (event.type === "init") follower.started?.(event.runId);
  if (isOfPrompt(event)) follower.prompt?.(event);
}

type PromptEvent = Extract<ShownEvent, { type: "prompt" | "promptClosed" }>;

function isOfPrompt(event: ShownEvent): event is PromptEvent {
  return event.type === "prompt" || event.type === "promptClosed";
}

function isRunning(event: ShownEvent): boolean {
  return event.type === "output" || (event.type === "status" && event.state === "running");
}
