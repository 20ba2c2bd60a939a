import { parseJump } from "../../protocol/destination.ts";
import { HostName } from "../../protocol/host.ts";
import { expandRanges, targetFault, targetsBetweenCommas, unknownTarget } from "../../protocol/host-set.ts";
import type { ResolvedTargets } from "../../protocol/job.ts";
import { Problem } from "../../protocol/problem.ts";
import { visibleLine } from "../../protocol/visible.ts";
import { matchesWildcard } from "../core/wildcard.ts";

/** The properties of a host that expressions can match. */
export interface KnownHost {
  readonly name: string;
  readonly group: string | null;
  readonly tags: readonly string[];
  readonly production: boolean;
}

export interface TargetSources {
  readonly hosts: readonly KnownHost[];
  /** The hosts of an earlier job by how they ended; undefined if there is no such job. */
  readonly ofJob: (which: JobPart, job: string) => readonly string[] | undefined;
}

export type JobPart = "failed" | "succeeded" | "unfinished";

/** The hosts that match the expressions (see TargetExpression), each once, in the order of the expressions. */
export function resolveTargets(expressions: readonly string[], sources: TargetSources): ResolvedTargets {
  const finder = new TargetFinder(sources);
  const unknown: string[] = [];
  const meant = new Set<string>();
  const excluded = new Set<string>();
  for (const expression of expressions) {
    const isExclusion = expression.startsWith("!");
    const { names, missing } = finder.find(isExclusion ? expression.slice(1) : expression);
    for (const name of names) (isExclusion ? excluded : meant).add(name);
    unknown.push(...missing.map((each) => (isExclusion ? `!${each}` : each)));
  }
  const hosts = [...meant].filter((name) => !excluded.has(name));
  return { hosts, production: hosts.filter((name) => finder.isProduction(name)), unknown };
}

/** The hosts of a job. Throws `invalid_request` if a name matches no host, or if no host is left. */
export function requireTargets({ hosts, unknown }: ResolvedTargets): readonly string[] {
  if (unknown.length > 0) {
    const names = unknown.slice(0, 5).map((each) => visibleLine(unknownTarget(each)));
    const more = unknown.length > names.length ? ` and ${unknown.length - names.length} more` : "";
    const isMalformed = unknown.some((each) => targetFault(each) !== undefined);
    throw refused(
      `There is no host for ${names.join(", ")}${more}. Nothing was run.`,
      isMalformed ? undefined : noMatch,
    );
  }
  if (hosts.length === 0)
    throw refused("The targets match no hosts. Nothing was run; use `all` for all hosts.", noMatch);
  return hosts;
}

/** The `reason` when every target could name hosts, and one does not. */
const noMatch = "no_match";

function refused(message: string, reason: string | undefined): Problem {
  return new Problem("invalid_request", message, { reason, issues: [{ path: "targets", message }] });
}

interface Found {
  readonly names: readonly string[];
  /** The part of the expression that matches no host. */
  readonly missing: readonly string[];
}

class TargetFinder {
  readonly #sources: TargetSources;
  readonly #known: ReadonlyMap<string, KnownHost>;

  constructor(sources: TargetSources) {
    this.#sources = sources;
    this.#known = new Map(sources.hosts.map((host) => [host.name, host]));
  }

  isProduction(name: string): boolean {
    return this.#known.get(name)?.production === true;
  }

  find(expression: string): Found {
    const { hosts } = this.#sources;
    if (expression === "all") return foundOrMissing(namesOf(hosts), expression);
    const [, kind, value = ""] = /^(tag|group):(.+)$/.exec(expression) ?? [];
    if (kind === "tag") {
      const tagged = hosts.filter(({ tags }) => tags.some((tag) => matchesWildcard(value, tag)));
      return foundOrMissing(namesOf(tagged), expression);
    }
    if (kind === "group") {
      return foundOrMissing(namesOf(hosts.filter(({ group }) => isWithin(group, value))), expression);
    }
    const [, part, job = ""] = /^@(failed|succeeded|unfinished):(.+)$/.exec(expression) ?? [];
    if (part === "failed" || part === "succeeded" || part === "unfinished") return this.#ofJob(part, job);
    return this.#byName(expression);
  }

  /** A part of a job may have no hosts; a host that no longer exists is an error. */
  #ofJob(part: JobPart, job: string): Found {
    const names = this.#sources.ofJob(part, job);
    if (names === undefined) return { names: [], missing: [`@${part}:${job}`] };
    return {
      names: names.filter((name) => this.#known.has(name)),
      missing: names.filter((name) => !this.#known.has(name)),
    };
  }

  /** A name, a range or a pattern. */
  #byName(expression: string): Found {
    // Reported as written, rather than as each of the names that its ranges expand to.
    if (targetsBetweenCommas(expression) !== undefined) return { names: [], missing: [expression] };
    const names: string[] = [];
    const missing: string[] = [];
    // An IPv6 address in brackets is no range.
    for (const word of expandRanges(expression) ?? [expression]) {
      const matching = this.#matching(word);
      if (matching.length > 0) names.push(...matching);
      else missing.push(word);
    }
    return { names, missing };
  }

  #matching(word: string): string[] {
    if (!/[*?]/.test(word)) return this.#known.has(word) ? [word] : [];
    return namesOf(this.#sources.hosts.filter(({ name }) => matchesWildcard(word, name)));
  }
}

function namesOf(hosts: readonly KnownHost[]): string[] {
  return hosts.map(({ name }) => name);
}

function foundOrMissing(names: readonly string[], expression: string): Found {
  return { names, missing: names.length === 0 ? [expression] : [] };
}

/** A group includes the groups below it. */
function isWithin(group: string | null, wanted: string): boolean {
  return (
    group !== null && (group === wanted || group.startsWith(`${wanted}/`) || matchesWildcard(wanted, group))
  );
}

/** Not a pattern, tag or part of a job, each of which matches only listed hosts, or none. */
export function isDestination(name: string): boolean {
  // Brackets around anything but an IPv6 address were intended as a range.
  return (
    !/[*?]|^(?:tag|group):|^@|^all$|\[[^:\]]*(?:\]|$)/.test(name) &&
    HostName.safeParse(hostOfDestination(name)).success
  );
}

/** The host in `user@host:port`. */
function hostOfDestination(name: string): string {
  return parseJump(name)?.host ?? name;
}
