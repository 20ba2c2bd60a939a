import { stripVTControlCharacters } from "node:util";
import { lastLineBytes, lastLineOf } from "../../client/last-line.ts";
import type { JobGroup } from "../../protocol/job.ts";
import type { LastLine, PanelGroup } from "../../protocol/job-panel.ts";
import type { Run } from "../../protocol/run.ts";
import type { Daemon } from "../daemon/daemon.ts";

const previewBytes = 4096;
const previewLines = 20;
/** Groups beyond this number are shown without their output. */
const maxPreviews = 30;
/** The number of runs whose last lines are read at once. */
const atOnce = 8;

/** The last lines of these runs. Runs that cannot be read now are left out. */
export async function readLastLines(daemon: Daemon, runs: readonly Run[]): Promise<LastLine[]> {
  const lines: LastLine[] = [];
  const waiting = [...runs];
  const work = async (): Promise<void> => {
    for (let run = waiting.shift(); run !== undefined; run = waiting.shift()) {
      const text = await readPart(daemon, run.id, `bytes=-${lastLineBytes}`).catch(() => undefined);
      if (text !== undefined) lines.push({ host: run.host.name, text: lastLineOf(text) });
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  return lines;
}

/** The groups of a job's ended runs, the largest first, and the beginning of the output of each. */
export async function readGroups(daemon: Daemon, job: string): Promise<PanelGroup[]> {
  const { items } = await daemon.call("jobGroups", { params: { job }, query: { by: "both" } });
  const groups: PanelGroup[] = [];
  for (const group of items) groups.push(await withPreview(daemon, group, groups.length < maxPreviews));
  return groups;
}

async function withPreview(daemon: Daemon, group: JobGroup, isWanted: boolean): Promise<PanelGroup> {
  const { runId } = group;
  if (runId === null) return { ...group, preview: "", isCut: false };
  if (!isWanted) return { ...group, preview: "", isCut: true };
  const text = plain(await readPart(daemon, runId, `bytes=0-${previewBytes - 1}`).catch(() => ""));
  const lines = text.trimEnd().split("\n");
  const isCut = lines.length > previewLines || Buffer.byteLength(text) >= previewBytes;
  return { ...group, preview: lines.slice(0, previewLines).join("\n"), isCut };
}

/** Both streams in order. Returns "" for a run without output, which has no such range. */
async function readPart(daemon: Daemon, run: string, range: string): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of await daemon.openOutput(run, "both", { range })) chunks.push(chunk);
  return Buffer.concat(chunks).toString("utf8");
}

function plain(text: string): string {
  return stripVTControlCharacters(text).replaceAll("\r\n", "\n");
}
