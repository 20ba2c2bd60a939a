import { join } from "node:path";
import { placeNames } from "../../protocol/places.ts";
import { ChangeLog } from "../core/changes.ts";
import { systemClock } from "../core/clock.ts";
import { createLog, type Log } from "../core/log.ts";
import { createLogFile } from "../core/log-file.ts";
import type { EndGroup } from "../core/run-program.ts";
import { SecretMemory } from "../transport/secret-memory.ts";
import type { Scope } from "../core/scope.ts";
import { prepareStateDirectory } from "../core/state-directory.ts";
import { openUserFiles, type UserFiles, type UserFilesOptions } from "../core/user-files.ts";
import { SettingsFile } from "../settings/settings.ts";

/** What the daemon knows of the process it is and of the person it runs for. */
export interface DaemonEnvironment {
  readonly stateDirectory: string;
  /** Where clients connect: a path, or the name of a pipe on Windows. */
  readonly socket: string;
  /** A descriptor that listens there already, from a service manager. */
  readonly activatedSocket: number | undefined;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Settings given on the command line, by their names in kebab case. */
  readonly flags: Readonly<Record<string, string>>;
  readonly version: string;
  readonly pid: number;
  /** Milliseconds of the machine's monotonic clock, which all its processes share. */
  readonly machineClock: () => number;
  /** Where the log is shown besides its file, when somebody watches. */
  readonly showLog: ((line: string) => void) | undefined;
  readonly memory: () => { readonly rss: number; readonly heapUsed: number };
  readonly home: string;
  /** The home directory that the system has for the account: the same unless HOME says otherwise. */
  readonly accountHome: string;
  readonly user: string;
  readonly agentSocket: string | null;
  /** undefined where files have no owner (Windows). */
  readonly uid: number | undefined;
  readonly migrations: string;
  readonly nativeBinding: string | undefined;
  /** What reads the files that people name. */
  readonly reader: UserFilesOptions["program"];
  readonly endGroup: EndGroup;
  /** What opens encrypted private keys, in threads. */
  readonly keyOpener: string;
  /** What compares outputs, in threads. */
  readonly differ: string;
  /** What brings the store's log into the store, in a thread. */
  readonly checkpointer: string;
  /** What works on the store in a process of its own. */
  readonly storeTask: string;
  /** Called when the daemon is to stop; disposing its scope does it. */
  readonly onShutdown: (reason: string) => void;
  /** Has every failure told that nobody caught. */
  readonly onFault: (tell: (failure: unknown) => void) => void;
}

/** The environment, and what every part of the daemon is built with. */
export interface DaemonContext extends DaemonEnvironment {
  readonly clock: typeof systemClock;
  readonly settings: SettingsFile;
  readonly log: Log;
  readonly files: UserFiles;
  readonly changes: ChangeLog;
  /** What was given to log in with, kept nowhere else. */
  readonly secrets: SecretMemory;
  /** An ISO 8601 instant. */
  readonly startedAt: string;
}

export type SettingsPlace = Pick<DaemonEnvironment, "stateDirectory" | "environment" | "flags">;

/** As `SettingsFile`. */
export function readSettings({ stateDirectory, environment, flags }: SettingsPlace): SettingsFile {
  return new SettingsFile({ path: join(stateDirectory, "config.json"), environment, flags });
}

/** Checks the state directory, then reads the settings and begins the log in it. */
export function openContext(environment: DaemonEnvironment, scope: Scope): DaemonContext {
  const { stateDirectory, reader } = environment;
  prepareStateDirectory(stateDirectory);
  const settings = readSettings(environment);
  const file = createLogFile(join(stateDirectory, placeNames.log));
  const log = createLog(
    () => settings.current.logLevel,
    (line) => {
      file(line);
      environment.showLog?.(line);
    },
  );
  // Every run stands by itself in the record: those under way are worth more than a clean end of the process.
  environment.onFault((failure) => log.error("Internal error; the daemon continues", { failure }));
  const clock = systemClock;
  const files = scope.own(openUserFiles({ program: reader, log }));
  return {
    ...environment,
    clock,
    settings,
    log,
    files,
    changes: new ChangeLog(clock),
    secrets: scope.own(new SecretMemory()),
    startedAt: clock.now(),
  };
}
