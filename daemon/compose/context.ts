import { join } from "node:path";
import { placeNames } from "../../protocol/places.ts";
import { ChangeLog } from "../core/changes.ts";
import { systemClock } from "../core/clock.ts";
import { createLog, type Log } from "../core/log.ts";
import { createLogFile } from "../core/log-file.ts";
import { withoutOwnVariables } from "../core/own-variables.ts";
import type { EndGroup } from "../core/run-program.ts";
import { SecretMemory } from "../transport/secret-memory.ts";
import type { Scope } from "../core/scope.ts";
import { prepareStateDirectory } from "../core/state-directory.ts";
import { openUserFiles, type UserFiles, type UserFilesOptions } from "../core/user-files.ts";
import { SettingsFile } from "../settings/settings.ts";

/** The daemon's process environment, and the person it runs for. */
export interface DaemonEnvironment {
  readonly stateDirectory: string;
  /** Where clients connect: a path, or the name of a pipe on Windows. */
  readonly socket: string;
  /** A descriptor that already listens there, from a service manager. */
  readonly activatedSocket: number | undefined;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Settings from the command line, named in kebab case. */
  readonly flags: Readonly<Record<string, string>>;
  readonly version: string;
  readonly pid: number;
  /** Milliseconds of the machine's monotonic clock, which all of its processes share. */
  readonly machineClock: () => number;
  /** Shows the log in addition to writing its file, if it runs in a terminal. */
  readonly showLog: ((line: string) => void) | undefined;
  readonly memory: () => { readonly rss: number; readonly heapUsed: number };
  /** Collects all garbage, and gives what that frees back to the operating system. */
  readonly collectGarbage: () => void;
  readonly home: string;
  /** The account's home directory in the system's database: differs from `home` only if HOME does. */
  readonly accountHome: string;
  readonly user: string;
  readonly agentSocket: string | null;
  /** undefined where files have no owner (Windows). */
  readonly uid: number | undefined;
  readonly migrations: string;
  readonly nativeBinding: string | undefined;
  /** Reads files that people name. */
  readonly reader: Omit<UserFilesOptions["program"], "environment">;
  readonly endGroup: EndGroup;
  /** Script of the threads that open encrypted private keys. */
  readonly keyOpener: string;
  /** Script of the threads that compare outputs. */
  readonly differ: string;
  /** Script of the thread that checkpoints the store's write-ahead log. */
  readonly checkpointer: string;
  /** Script of the processes that check and back up the store. */
  readonly storeTask: string;
  /** Called when the daemon should stop; disposing its scope stops it. */
  readonly onShutdown: (reason: string) => void;
  /** Registers a listener for uncaught failures. */
  readonly onFault: (listener: (failure: unknown) => void) => void;
}

/** The environment, and what every part of the daemon is built with. `environment` is without Hostrun's own variables. */
export interface DaemonContext extends DaemonEnvironment {
  readonly clock: typeof systemClock;
  readonly settings: SettingsFile;
  readonly log: Log;
  readonly files: UserFiles;
  readonly changes: ChangeLog;
  /** Passwords and passphrases, stored nowhere else. */
  readonly secrets: SecretMemory;
  /** An ISO 8601 instant. */
  readonly startedAt: string;
}

export type SettingsPlace = Pick<DaemonEnvironment, "stateDirectory" | "environment" | "flags">;

/** Reads the settings of `place`. */
export function readSettings({ stateDirectory, environment, flags }: SettingsPlace): SettingsFile {
  return new SettingsFile({ path: join(stateDirectory, "config.json"), environment, flags });
}

/** Checks the state directory, then reads the settings and opens the log in it. */
export function openContext(daemon: DaemonEnvironment, scope: Scope): DaemonContext {
  const { stateDirectory, reader } = daemon;
  prepareStateDirectory(stateDirectory);
  const settings = readSettings(daemon);
  const environment = withoutOwnVariables(daemon.environment);
  const file = createLogFile(join(stateDirectory, placeNames.log));
  const log = createLog(
    () => settings.current.logLevel,
    (line) => {
      file(line);
      daemon.showLog?.(line);
    },
  );
  // Each run is recorded independently: current runs matter more than a clean exit of the process.
  daemon.onFault((failure) => log.error("Internal error; the daemon continues", { failure }));
  const clock = systemClock;
  const files = scope.own(openUserFiles({ program: { ...reader, environment }, log }));
  return {
    ...daemon,
    environment,
    clock,
    settings,
    log,
    files,
    changes: new ChangeLog(clock),
    secrets: scope.own(new SecretMemory()),
    startedAt: clock.now(),
  };
}
