import type { Job } from "../../protocol/job.ts";
import type { Run } from "../../protocol/run.ts";
import { dayGroup, resultGroup, resultGroups, type RunGrouping } from "../../protocol/run-groups.ts";

export interface RunLeaf {
  readonly kind: "run";
  /** The current state. */
  run: Run;
  readonly parent: GroupBranch | JobBranch | undefined;
}

export interface JobBranch {
  readonly kind: "job";
  job: Job;
  readonly parent: GroupBranch | undefined;
}

export interface GroupBranch {
  readonly kind: "group";
  readonly by: RunGrouping | "pinned";
  /** Identifies the group within its kind: a day, a host, a result; for jobs, the group of runs without a job. */
  readonly name: string;
  readonly children: (RunLeaf | JobBranch)[];
  readonly parent: undefined;
}

export type RunNode =
  | RunLeaf
  | JobBranch
  | GroupBranch
  | { readonly kind: "more"; readonly parent: undefined };

/** Identifies a row. */
export function keyOfRow(node: RunNode | undefined): string {
  if (node === undefined || node.kind === "more") return node?.kind ?? "";
  if (node.kind === "group") return `${node.by}:${node.name}`;
  const own = node.kind === "run" ? `run:${node.run.id}` : `job:${node.job.id}`;
  return node.parent === undefined ? own : `${keyOfRow(node.parent)}/${own}`;
}

export interface ShownRuns {
  readonly by: RunGrouping;
  /** Newest first; without pinned ones. */
  readonly runs: readonly Run[];
  readonly pinned: readonly Run[];
  /** The jobs whose rows replace those of their runs. */
  readonly jobs: readonly Job[];
  readonly now: Date;
}

/** The rows at the top level, pinned ones first. */
export function runNodes({ pinned, ...shown }: ShownRuns): (RunLeaf | JobBranch | GroupBranch)[] {
  const rest = shown.by === "none" ? listed(shown, undefined) : grouped(shown);
  if (pinned.length === 0) return rest;
  const group = newGroup("pinned", "");
  group.children.push(...pinned.map((run) => leafOf(run, group)));
  return [group, ...rest];
}

/** Every row that is drawn, except those of jobs, in order. */
export function flattened(
  nodes: readonly (RunLeaf | JobBranch | GroupBranch)[],
): Exclude<RunNode, { kind: "more" }>[] {
  return nodes.flatMap((node) => (node.kind === "group" ? [node, ...node.children] : [node]));
}

function leafOf(run: Run, parent: RunLeaf["parent"]): RunLeaf {
  return { kind: "run", run, parent };
}

function newGroup(by: GroupBranch["by"], name: string): GroupBranch {
  return { kind: "group", by, name, children: [], parent: undefined };
}

type Shown = Omit<ShownRuns, "pinned">;

/** Jobs, and runs that belong to none. Ids of both are UUIDv7, which sort by time. */
function listed({ runs, jobs }: Shown, parent: GroupBranch | undefined): (RunLeaf | JobBranch)[] {
  const known = new Set(jobs.map(({ id }) => id));
  const nodes = [
    ...runs.filter(({ jobId }) => jobId === null || !known.has(jobId)).map((run) => leafOf(run, parent)),
    ...jobs.map((job): JobBranch => ({ kind: "job", job, parent })),
  ];
  return nodes.sort((a, b) => (idOf(a) < idOf(b) ? 1 : -1));
}

function idOf(node: RunLeaf | JobBranch): string {
  return node.kind === "run" ? node.run.id : node.job.id;
}

function grouped(shown: Shown): (JobBranch | GroupBranch)[] {
  const { by, runs, now } = shown;
  if (by === "job") return byJob(shown);
  if (by === "day") {
    const dayOf = (node: RunLeaf | JobBranch): string =>
      dayGroup(node.kind === "run" ? node.run.createdAt : node.job.createdAt, now);
    return groupsOf(by, listed(shown, undefined), dayOf);
  }
  const leaves = runs.map((run) => leafOf(run, undefined));
  const nameOf = (run: Run): string => (by === "host" ? run.host.name : resultGroup(run));
  const groups = groupsOf(by, leaves, (node) => (node.kind === "run" ? nameOf(node.run) : ""));
  if (by === "host") return groups;
  return resultGroups.flatMap((name) => groups.find((group) => group.name === name) ?? []);
}

/** Ordered by the first item in each. */
function groupsOf(
  by: RunGrouping,
  nodes: readonly (RunLeaf | JobBranch)[],
  nameOf: (node: RunLeaf | JobBranch) => string,
): GroupBranch[] {
  const groups = new Map<string, GroupBranch>();
  for (const node of nodes) {
    const name = nameOf(node);
    const group = groups.get(name) ?? newGroup(by, name);
    groups.set(name, group);
    group.children.push({ ...node, parent: group });
  }
  return [...groups.values()];
}

function byJob(shown: Shown): (JobBranch | GroupBranch)[] {
  const group = newGroup("job", "");
  const nodes = listed(shown, undefined);
  const single = nodes.filter((node) => node.kind === "run");
  group.children.push(...single.map(({ run }) => leafOf(run, group)));
  const jobs = nodes.filter((node) => node.kind === "job");
  return single.length === 0 ? jobs : [...jobs, group];
}
