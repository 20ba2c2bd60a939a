import { accessSync, constants, existsSync, lstatSync, statfsSync } from "node:fs";
import { dirname } from "node:path";
import { minDaemonNode, runsDaemon } from "../protocol/daemon-node.ts";
import type { DoctorCheck } from "../protocol/doctor.ts";
import { Problem, type ProblemDetails } from "../protocol/problem.ts";
import { formatBytes } from "../protocol/size.ts";
import { cannotUse } from "../state-directory/file-problem.ts";
import { checkContents } from "../state-directory/contents.ts";
import { checkStateDirectory } from "../state-directory/trusted-directory.ts";
import { startFault } from "./check-start.ts";
import { type Daemon, openDaemon } from "./daemon.ts";
import { isNotRunning } from "./discover.ts";
import { agent, ssh, sshConfig } from "./doctor-openssh.ts";
import { type Finding, ok, skipped } from "./finding.ts";
import { lastLinesOf } from "./last-lines.ts";
import { isOtherBuild } from "./other-build.ts";
import type { Places } from "./places.ts";

export interface DoctorOptions {
  readonly places: Places;
  /** This program's version. */
  readonly version: string;
  readonly environment: NodeJS.ProcessEnv;
  /** The version of the Node or Electron that runs the daemon. */
  readonly nodeVersion: string;
  readonly daemonScript: string;
  /** By default this process's own Node or Electron. */
  readonly daemonRuntime?: string | undefined;
}

const daemonTimeoutMs = 20_000;
const lowBytes = 1024 ** 3;
const fullBytes = 100 * 1024 ** 2;
/** A file dated further in the future than this means that the clock was set back. */
const clockSlackMs = 120_000;

/**
 * Checks everything that Hostrun needs on this machine, and asks the daemon, if one runs, for its own checks. Starts
 * no daemon, changes nothing, and finishes within half a minute whatever is wrong.
 */
export async function examine(options: DoctorOptions): Promise<DoctorCheck[]> {
  const { places } = options;
  const looks: [name: string, look: () => Finding | Promise<Finding>][] = [
    ["stateDirectory", () => stateDirectory(places)],
    ["permissions", () => permissions(places)],
    ["disk", () => disk(places)],
    ["clock", () => clock(places)],
    ["settings", () => settings(options)],
    ["node", () => node(options)],
    ["ssh", () => ssh(options.environment)],
    ["sshConfig", () => sshConfig(options.environment)],
    ["agent", () => agent(options.environment)],
  ];
  const local = looks.map(async ([name, look]): Promise<DoctorCheck> => {
    try {
      return { name, ...(await look()) };
    } catch (failure) {
      return { name, ...findingOf(failure) };
    }
  });
  return [...(await Promise.all(local)), ...(await daemon(options))];
}

/** A problem's message begins with what is wrong, followed by what to do. */
function findingOf(failure: unknown): Finding {
  const message = failure instanceof Error ? failure.message : String(failure);
  const [what = message, ...next] =
    failure instanceof Problem ? message.split(/(?<=\.) (?=[A-Z`])/) : [message];
  return { state: "failed", message: what, fix: next.length === 0 ? "See `hostrun logs`." : next.join(" ") };
}

function stateDirectory({ directory }: Places): Finding {
  if (checkStateDirectory(directory)) {
    requireWritable(directory);
    return ok(directory);
  }
  return { state: "warning", message: `${directory} is not there yet.`, fix: "`hostrun start` makes it." };
}

function requireWritable(directory: string): void {
  try {
    accessSync(directory, constants.W_OK);
  } catch (cause) {
    throw cannotUse(`${directory} cannot be written`, cause);
  }
}

function permissions({ directory }: Places): Finding {
  if (!isUsable(directory)) return skipped("There is no usable state directory.");
  const contents = checkContents(directory);
  if (process.platform === "win32") return ok("As the folder of your profile has them.");
  const open = [directory, ...contents].filter((path) => (lstatSync(path).mode & 0o077) !== 0);
  if (open.length === 0) return ok("Nobody else can look into it.");
  const paths = open.join(" ");
  return {
    state: "warning",
    message: `Other users can read ${paths}.`,
    fix: `\`chmod go= ${paths}\` closes it.`,
  };
}

/** A faulty state directory is reported by its own check. */
function isUsable(directory: string): boolean {
  try {
    return checkStateDirectory(directory);
  } catch {
    return false;
  }
}

function disk({ directory }: Places): Finding {
  const { bavail, bsize } = statfsSync(closestExisting(directory));
  const message = `${formatBytes(bavail * bsize)} are free for ${directory}.`;
  if (bavail * bsize >= lowBytes) return ok(message);
  // With almost no space left settings can no longer be written, but runs can still be deleted.
  if (bavail * bsize < fullBytes)
    return { state: "failed", message, fix: "Make room, or forget runs (`hostrun history forget`)." };
  const fix = "Make room, or have less of the history kept (`hostrun config set historyMaxBytes 500MiB`).";
  return { state: "warning", message, fix };
}

/** Of a directory that is still to be created, the one that it will be created in. */
function closestExisting(path: string): string {
  const parent = dirname(path);
  return existsSync(path) || parent === path ? path : closestExisting(parent);
}

function clock({ directory, discovery, log }: Places): Finding {
  if (!isUsable(directory))
    return skipped(`It is ${new Date().toISOString()}; there are no files to compare it with.`);
  const newest = Math.max(
    0,
    ...[directory, discovery, log].map((path) => lstatSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0),
  );
  const now = Date.now();
  const message = `It is ${new Date(now).toISOString()}.`;
  if (newest <= now + clockSlackMs) return ok(message);
  const why = `${message} Files of the state directory were written ${Math.round((newest - now) / 1000)} s later than that.`;
  return {
    state: "warning",
    message: why,
    fix: "Set the clock (`timedatectl`): times in the history are wrong, and one-time codes fail.",
  };
}

/** Checks the settings as the next daemon would read them. */
async function settings(options: DoctorOptions): Promise<Finding> {
  if (!isUsable(options.places.directory)) return skipped("There is no usable state directory.");
  const why = await startFault(options);
  if (why === undefined) return ok("A daemon would start with them.");
  const fix =
    "Fix the setting named there (in config.json, or a HOSTRUN_ variable), then run the check again.";
  return { state: "failed", message: `A daemon would not start: ${why}`, fix };
}

function node({ nodeVersion }: DoctorOptions): Finding {
  if (runsDaemon(nodeVersion)) return ok(`Node.js ${nodeVersion} runs the daemon.`);
  const message = `The daemon needs Node.js ${minDaemonNode} or later, and this is ${nodeVersion}.`;
  return { state: "failed", message, fix: "Run `hostrun` with a newer Node.js." };
}

/** Whether it answers, and its own report. */
async function daemon({ places, version }: DoctorOptions): Promise<DoctorCheck[]> {
  const late = AbortSignal.timeout(daemonTimeoutMs);
  try {
    await using found = await openDaemon({ stateDirectory: places.directory, keepConnections: false }, late);
    const first = { name: "daemon", ...runningDaemon(found, version) };
    const { checks } = await found.call("doctor", { signal: late });
    return [first, ...checks, { name: "hosts", ...(await hosts(found, late)) }];
  } catch (failure) {
    if (!isNotRunning(failure))
      return [{ name: "daemon", ...findingOf(late.aborted ? silent(places) : failure) }];
    const written = lastLinesOf(places.log).at(-1);
    const last =
      existsSync(places.discovery) && written !== undefined
        ? ` It crashed; its log ends with: ${written}`
        : "";
    const message = `It does not run, so its store and Redis are not checked.${last}`;
    return [{ name: "daemon", state: "warning", message, fix: "`hostrun start` starts it." }];
  }
}

/** The problems of the list of hosts, e.g. jump hosts that form a loop. */
async function hosts(found: Daemon, signal: AbortSignal): Promise<Finding> {
  try {
    return hostsFinding((await found.call("listHosts", { signal })).problems);
  } catch (failure) {
    return findingOf(failure);
  }
}

function hostsFinding([first, ...more]: readonly ProblemDetails[]): Finding {
  if (first === undefined) return ok("The list of hosts is complete.");
  const { message, fix } = findingOf(Problem.fromDetails(first));
  const others = more.length === 0 ? "" : ` \`hostrun hosts\` shows ${more.length} more.`;
  return { state: "warning", message: message + others, fix };
}

function runningDaemon(
  { health, discovery }: Pick<Daemon, "health" | "discovery">,
  version: string,
): Finding {
  const at = `Version ${health.version}, process ${health.pid}, on ${discovery.socket}`;
  const replace = "`hostrun restart --drain` replaces it.";
  if (health.version !== version) {
    return { state: "warning", message: `${at}; this is version ${version}.`, fix: replace };
  }
  if (isOtherBuild(health, version)) {
    return { state: "warning", message: `${at}; this is another build of it.`, fix: replace };
  }
  if (health.status === "ok") return ok(`${at}.`);
  return {
    state: "warning",
    message: `${at}, ${health.status}.`,
    fix: "It ends when its runs have; wait for it.",
  };
}

function silent({ log }: Places): Problem {
  return new Problem(
    "timed_out",
    `The daemon did not answer within 20 s. See ${log}, or \`hostrun restart --force\`.`,
  );
}
