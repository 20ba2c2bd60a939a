import type { Daemon } from "../../client/daemon.ts";
import type { Job } from "../../protocol/job.ts";
import { findById } from "../find-by-id.ts";

/** The job named by `word`: a whole id, a unique prefix of one, or `last`. */
export function findJob(daemon: Daemon, word: string): Promise<Job> {
  return findById(word, {
    noun: "job",
    list: "hostrun jobs",
    unknown: "not_found",
    last: async () => {
      for await (const job of jobs(daemon)) return job;
      return undefined;
    },
    get: (id) => daemon.ask("getJob", { params: { job: id } }),
    startingWith: async (prefix) => {
      const found: Job[] = [];
      for await (const job of jobs(daemon)) if (job.id.startsWith(prefix)) found.push(job);
      return found;
    },
  });
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
