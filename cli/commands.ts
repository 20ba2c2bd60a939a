import type { Command, CommandGroup } from "./command.ts";

interface Entry {
  readonly summary: string;
  /** Loaded on demand, so that each command starts as fast as it can. */
  load(): Promise<{ readonly command: Command | CommandGroup }>;
}

/** Every subcommand, in the order of the help. */
export const commands: Readonly<Record<string, Entry>> = {
  run: { summary: "Run a command on a host, or on many", load: () => import("./commands/run.ts") },
  jobs: { summary: "List, show, cancel and repeat jobs", load: () => import("./commands/jobs.ts") },
  targets: { summary: "Show which hosts targets match", load: () => import("./commands/targets.ts") },
  snippets: { summary: "Manage saved commands", load: () => import("./commands/snippets.ts") },
  hosts: { summary: "List, add, change, test and import hosts", load: () => import("./commands/hosts.ts") },
  history: { summary: "List the runs, newest first", load: () => import("./commands/history.ts") },
  show: { summary: "Show a run and its output", load: () => import("./commands/show.ts") },
  diff: { summary: "Show how the outputs of two runs differ", load: () => import("./commands/diff.ts") },
  attach: { summary: "Follow a run's output", load: () => import("./commands/attach.ts") },
  cancel: { summary: "Cancel a run", load: () => import("./commands/cancel.ts") },
  "known-hosts": {
    summary: "List, add and remove host keys",
    load: () => import("./commands/known-hosts.ts"),
  },
  keys: { summary: "List, make and install SSH keys", load: () => import("./commands/keys.ts") },
  daemon: { summary: "Run the daemon in the foreground", load: () => import("./commands/daemon.ts") },
  start: { summary: "Start the daemon", load: () => import("./commands/start.ts") },
  stop: { summary: "Stop the daemon", load: () => import("./commands/stop.ts") },
  restart: { summary: "Stop the daemon and start it again", load: () => import("./commands/restart.ts") },
  status: { summary: "Show how the daemon is doing", load: () => import("./commands/status.ts") },
  top: { summary: "Show what the daemon is doing, live", load: () => import("./commands/top.ts") },
  logs: { summary: "Show the daemon's log", load: () => import("./commands/logs.ts") },
  token: { summary: "Show or replace the token for TCP", load: () => import("./commands/token.ts") },
  completion: {
    summary: "Print a shell's completion script",
    load: () => import("./commands/completion.ts"),
  },
  doctor: {
    summary: "Diagnose problems and suggest fixes",
    load: () => import("./commands/doctor.ts"),
  },
  backup: { summary: "Write the daemon's state to a file", load: () => import("./commands/backup.ts") },
  restore: {
    summary: "Replace the daemon's state with a backup",
    load: () => import("./commands/restore.ts"),
  },
  "install-service": {
    summary: "Have the system start the daemon when it is needed",
    load: () => import("./commands/install-service.ts"),
  },
  "uninstall-service": {
    summary: "Remove the service that install-service added",
    load: () => import("./commands/uninstall-service.ts"),
  },
  config: { summary: "Show and change the settings", load: () => import("./commands/config.ts") },
};

/** Familiar names from the shell or docker, with the commands that they stand for. */
export const shorthands: Readonly<Record<string, readonly string[]>> = {
  ls: ["hosts", "list"],
  rm: ["hosts", "remove"],
  ps: ["history"],
};
