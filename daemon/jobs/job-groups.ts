import { foldNames } from "../../protocol/host-set.ts";
import type { GroupBy, JobGroup } from "../../protocol/job.ts";
import type { Run } from "../../protocol/run.ts";

/** An ended run with the hashes of its output, if known. */
export interface EndedRun {
  readonly id: string;
  readonly host: string;
  readonly outcome: NonNullable<Run["outcome"]>;
  readonly exitCode: number | null;
  readonly sha256: { readonly stdout: string | null; readonly stderr: string | null };
}

/**
 * Groups runs with the same ending, and with the same output if that is compared. Unknown output equals nothing else.
 */
export function groupRuns(runs: Iterable<EndedRun>, by: GroupBy): JobGroup[] {
  const groups = new Map<string, EndedRun[]>();
  for (const run of runs) {
    const { outcome, exitCode, sha256 } = run;
    const { stdout, stderr } = sha256;
    const compared: readonly (string | null)[] = { exit: [], stdout: [stdout], both: [stdout, stderr] }[by];
    const alone = compared.includes(null) ? run.id : null;
    const key = JSON.stringify([outcome, exitCode, ...compared, alone]);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [run]);
    else group.push(run);
  }
  const sorted = [...groups.values()].toSorted((one, other) => other.length - one.length);
  return sorted.flatMap((group) => {
    const [first] = group;
    if (first === undefined) return [];
    const { id, outcome, exitCode, sha256 } = first;
    const hosts = foldNames(group.map(({ host }) => host));
    return [
      {
        hosts,
        count: group.length,
        outcome,
        exitCode,
        sha256: by === "exit" ? null : sha256.stdout,
        runId: id,
      },
    ];
  });
}

/** The group of hosts that an ended job never started. */
export function skippedGroup(hosts: readonly string[]): JobGroup[] {
  if (hosts.length === 0) return [];
  const group = { hosts: foldNames(hosts), count: hosts.length };
  return [{ ...group, outcome: "skipped", exitCode: null, sha256: null, runId: null }];
}
