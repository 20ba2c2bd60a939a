import type { Outcome, RunState } from "../protocol/run.ts";
import { label } from "./labels.ts";

export interface Ending {
  outcome: Outcome;
  exitCode: number | null;
  signal: string | null;
}

/** The state or ending of a run as shown: its tone, an icon, and the words. */
export interface Standing {
  tone: "waiting" | "running" | "good" | "bad" | "warning";
  icon: string;
  words: string;
}

export function standingOf(state: RunState, reconnecting = false): Standing {
  if (reconnecting) return { tone: "warning", icon: "debug-disconnect", words: label("reconnecting") };
  const words = label(state);
  if (state === "running") return { tone: "running", icon: "circle-filled", words };
  if (state === "connecting") return { tone: "waiting", icon: "plug", words };
  return { tone: "waiting", icon: state === "queued" ? "clock" : "circle-outline", words };
}

export function stoppingStanding(): Standing {
  return { tone: "warning", icon: "debug-stop", words: label("stopping") };
}

export function standingAtEnd({ outcome, exitCode, signal }: Ending): Standing {
  switch (outcome) {
    case "exited": {
      const good = exitCode === 0;
      return {
        tone: good ? "good" : "bad",
        icon: good ? "pass" : "error",
        words: label("exit", exitCode ?? "?"),
      };
    }
    case "signaled": {
      const words = signal === null ? label("killed") : label("killedBy", `SIG${signal.replace(/^SIG/, "")}`);
      return { tone: "bad", icon: "error", words };
    }
    case "cancelled":
      return { tone: "warning", icon: "circle-slash", words: label("cancelled") };
    case "timedOut":
      return { tone: "bad", icon: "watch", words: label("timedOut") };
    case "failed":
      return { tone: "bad", icon: "error", words: label("failed") };
    case "unknown":
      return { tone: "warning", icon: "question", words: label("endingUnknown") };
  }
}
