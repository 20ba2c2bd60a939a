import type { RunBytesEvent } from "../../client/run-events.ts";
import type { OutputStream } from "../../protocol/event.ts";
import type { Run } from "../../protocol/run.ts";
import { eventLine, measuredLine } from "./event-line.ts";

export interface RunLogText {
  add(event: RunBytesEvent): void;
  /** Marks the log as incomplete. */
  cut(): void;
  text(): string;
}

/** The debug log of a run as text. It is for bug reports and stays in English, like all logs. */
export function runLogText(run: Run): RunLogText {
  const lines = head(run);
  const loggedStreams = new Set<OutputStream>();
  let isWhole = true;
  return {
    add: (event) => {
      const text = eventLine(event, loggedStreams);
      if (text !== undefined) lines.push(`${event.timestamp}  ${text}`);
    },
    cut: () => {
      isWhole = false;
    },
    text: () => {
      const end = isWhole ? [] : ["…  there is more: the run goes on, or has much output"];
      return `${[...lines, ...end, "", ...tail(run)].join("\n").trimEnd()}\n`;
    },
  };
}

function head(run: Run): string[] {
  const options = Object.entries(run.options).filter(([, value]) => isSet(value));
  return [
    `Run ${run.id} on ${run.host.name} (${run.host.address})`,
    "",
    ...run.command.split("\n").map((line, at) => `${at === 0 ? "Command:  " : "          "}${line}`),
    `State:    ${[run.state, run.outcome, run.exitCode, run.signal].filter((part) => part !== null).join(", ")}`,
    ...options.map(([name, value]) => `Option:   ${name} = ${JSON.stringify(value)}`),
    "",
  ];
}

function isSet(value: unknown): boolean {
  if (value === null || value === undefined || value === false || value === 0) return false;
  return typeof value !== "object" || Object.keys(value).length > 0;
}

function tail(run: Run): string[] {
  const { problem } = run;
  return [
    `Measured: ${measuredLine(run)}`,
    ...(problem === null
      ? []
      : [
          `Problem:  ${problem.title} (${problem.code}${problem.reason === undefined ? "" : `, ${problem.reason}`})`,
          ...wrapped(problem.detail).map((line) => `          ${line}`),
          ...(problem.hop === undefined ? [] : [`          hop: ${problem.hop}`]),
        ]),
  ];
}

/** Wraps text so that it can be read without scrolling sideways. */
function wrapped(text: string): string[] {
  const lines = [""];
  for (const word of text.split(" ")) {
    const line = lines.at(-1) ?? "";
    if (line !== "" && line.length + word.length > 90) lines.push(word);
    else lines[lines.length - 1] = line === "" ? word : `${line} ${word}`;
  }
  return lines;
}
