import type { Daemon } from "../../client/daemon.ts";
import type { Job } from "../../protocol/job.ts";
import { Problem } from "../../protocol/problem.ts";
import { UsageError } from "../command.ts";

const uuidLength = 36;

/** The job named by `word`: a whole id, a unique prefix of one, or `last`. */
export async function findJob(daemon: Daemon, word: string): Promise<Job> {
  const id = word.toLowerCase();
  if (id === "last") {
    for await (const job of jobs(daemon)) return job;
    throw new Problem("not_found", "There are no jobs yet.");
  }
  if (!/^[0-9a-f-]{1,36}$/.test(id)) {
    throw new UsageError(`"${word}" is not a job: give the beginning of an id of \`hostrun jobs\`, or last.`);
  }
  if (id.length === uuidLength) return daemon.ask("getJob", { params: { job: id } });
  const found: Job[] = [];
  for await (const job of jobs(daemon)) if (job.id.startsWith(id)) found.push(job);
  const [first, second] = found;
  if (first === undefined)
    throw new Problem("not_found", `No job's id begins with ${word}. See \`hostrun jobs\`.`);
  if (second !== undefined) {
    throw new Problem("not_found", `More than one job's id begins with ${word}. Give more of it.`);
  }
  return first;
}

/** Newest first. */
export async function* jobs(daemon: Daemon): AsyncGenerator<Job> {
  let cursor: string | undefined;
  for (;;) {
    const page = await daemon.ask("listJobs", {
      query: { limit: "100", ...(cursor === undefined ? {} : { cursor }) },
    });
    yield* page.items;
    if (page.nextCursor === null) return;
    cursor = page.nextCursor;
  }
}

/** Replaces job ids in targets such as `@failed:last` by whole ids. */
export function withWholeIds(daemon: Daemon, targets: readonly string[]): Promise<string[]> {
  return Promise.all(
    targets.map(async (target) => {
      const [, part, word] = /^(!?@(?:failed|succeeded|unfinished):)(.+)$/.exec(target) ?? [];
      return part === undefined || word === undefined ? target : part + (await findJob(daemon, word)).id;
    }),
  );
}
