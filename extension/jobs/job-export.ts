import { csvField } from "../../protocol/csv.ts";
import { fenced } from "../../protocol/fenced.ts";
import { expandRanges } from "../../protocol/host-set.ts";
import type { Job, JobGroup } from "../../protocol/job.ts";
import type { JobRow } from "../../protocol/job-panel.ts";

export type ExportFormat = "text" | "json" | "csv" | "markdown";

/** Hosts with the same output, and that output. */
export interface ExportedGroup extends JobGroup {
  readonly output: string;
  /** Whether the output was truncated. */
  readonly isCut: boolean;
}

export interface JobExport {
  readonly job: Job;
  readonly rows: readonly JobRow[];
  readonly groups: readonly ExportedGroup[];
}

/** Formats the results of a job. */
export function exportJob(format: ExportFormat, results: JobExport): string {
  switch (format) {
    case "text":
      return asText(results);
    case "json":
      return `${JSON.stringify(asRecords(results), undefined, 2)}\n`;
    case "csv":
      return asCsv(results);
    case "markdown":
      return asMarkdown(results);
  }
}

/** Expands the names in `db1,web[01-12,15]`. */
export function namesIn(hosts: string): string[] {
  const words = hosts.match(/(?:[^,[]|\[[^\]]*\]?)+/g) ?? [];
  return words.flatMap((word) => expandRanges(word) ?? [word]);
}

function asText({ job, groups }: JobExport): string {
  const rule = "-".repeat(15);
  const parts = groups.map(({ hosts, count, output, isCut }) => {
    const text = output === "" || output.endsWith("\n") ? output : `${output}\n`;
    return `${rule}\n${hosts} (${count})\n${rule}\n${text}${isCut ? "…\n" : ""}`;
  });
  return `$ ${job.command}\n${parts.join("")}`;
}

interface ExportedRow {
  readonly host: string;
  readonly state: string;
  readonly outcome: string | null;
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly durationMs: number | null;
  readonly problem: string | null;
  readonly output: string | null;
}

function asRecords({ job, rows, groups }: JobExport): {
  readonly job: Record<string, unknown>;
  readonly hosts: readonly ExportedRow[];
} {
  const { id, command, targets, outcome, counts, createdAt, endedAt } = job;
  const outputs = new Map(
    groups.flatMap(({ hosts, output }) => namesIn(hosts).map((host): [string, string] => [host, output])),
  );
  return {
    job: { id, command, targets, outcome, counts, createdAt, endedAt },
    hosts: rows.map(({ host, state, outcome: ending, exitCode, signal, elapsedMs, problem }) => ({
      host,
      state,
      outcome: ending,
      exitCode,
      signal,
      durationMs: elapsedMs === null ? null : Math.round(elapsedMs),
      problem,
      output: outputs.get(host) ?? null,
    })),
  };
}

function asCsv(results: JobExport): string {
  const names = ["host", "outcome", "exitCode", "signal", "durationMs", "problem", "output"];
  const lines = asRecords(results).hosts.map((row) =>
    [row.host, row.outcome ?? row.state, row.exitCode, row.signal, row.durationMs, row.problem, row.output]
      .map((value) => csvField(String(value ?? "")))
      .join(","),
  );
  return `${[names.join(","), ...lines].join("\n")}\n`;
}

function asMarkdown({ job, rows, groups }: JobExport): string {
  const table = rows.map(({ host, state, outcome, exitCode, problem }) => {
    const cells = [host, outcome ?? state, String(exitCode ?? ""), problem ?? ""];
    return `| ${cells.map((cell) => cell.replaceAll(/[\\|]/g, "\\$&").replaceAll(/\s+/g, " ")).join(" | ")} |`;
  });
  const outputs = groups.map(
    ({ hosts, count, output, isCut }) =>
      `**${hosts}** (${count})\n\n${fenced(isCut ? `${output}\n…` : output)}`,
  );
  const head = ["| Host | Outcome | Exit | Problem |", "|---|---|---|---|"];
  return `${fenced(job.command)}\n${[...head, ...table].join("\n")}\n\n${outputs.join("\n")}`;
}
