import type { JobRow, PanelGroup } from "../../protocol/job-panel.ts";
import { shownPercentage } from "../../protocol/shown-percentage.ts";
import { type Ending, standingAtEnd, standingOf, type Standing } from "../ending.ts";
import { label } from "../labels.ts";

/** The state or ending of a host. */
export function standingOfRow({ state, outcome, exitCode, signal }: JobRow): Standing {
  return outcome === null ? standingOf(state) : endingOf({ outcome, exitCode, signal });
}

export function endingOfGroup({ outcome, exitCode }: PanelGroup): Standing {
  return endingOf({ outcome, exitCode, signal: null });
}

function endingOf({ outcome, ...ending }: Omit<Ending, "outcome"> & Pick<PanelGroup, "outcome">): Standing {
  if (outcome === "skipped") return { tone: "waiting", icon: "circle-slash", words: label("skipped") };
  return standingAtEnd({ outcome, ...ending });
}

/** The progress that its program reports on its last line; only while it runs. */
export function percentageOfRow({ state, problem }: JobRow, lastLine: string): number | undefined {
  return state === "running" && problem === null ? shownPercentage(lastLine) : undefined;
}

/** `41 ms`, `6.1 s`, `2:05`. */
export function timeLabel(ms: number | null): string {
  if (ms === null) return "";
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.floor(ms / 1000);
  const two = (value: number): string => String(value).padStart(2, "0");
  const minutes = Math.floor(seconds / 60);
  return minutes < 60
    ? `${minutes}:${two(seconds % 60)}`
    : `${Math.floor(minutes / 60)}:${two(minutes % 60)}:${two(seconds % 60)}`;
}
