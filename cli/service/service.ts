import { joinPath, maxSocketPathBytes, stateDirectory } from "../../protocol/places.ts";
import { Problem } from "../../protocol/problem.ts";
import type { ServiceProgram } from "./service-program.ts";
import { launchAgent } from "./launch-agent.ts";
import { scheduledTask } from "./scheduled-task.ts";
import { systemdUnits } from "./systemd-units.ts";

/** How the daemon is registered with a platform's service manager. */
export interface Service {
  readonly files: readonly { readonly path: string; readonly text: string }[];
  readonly install: readonly (readonly string[])[];
  readonly uninstall: readonly (readonly string[])[];
}

export interface ServicePlace {
  /** As in `process`. */
  readonly platform: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string;
  /** 0 on Windows. */
  readonly uid: number;
}

/**
 * A service for this user alone. Throws `invalid_request` for a path that cannot be written in the service manager's
 * files.
 */
export function serviceFor({ platform, env, home, uid }: ServicePlace, program: ServiceProgram): Service {
  for (const path of Object.values<string>({ ...program })) refuseOdd(path);
  if (platform === "win32") {
    // In the same place for every state directory, since the task has one name.
    const folder = stateDirectory(platform, { ...env, HOSTRUN_HOME: undefined }, home);
    const path = joinPath(platform, folder, "hostrun-task.xml");
    const create = ["schtasks", "/Create", "/F", "/TN", "Hostrun", "/XML", path];
    return {
      files: [{ path, text: scheduledTask(program) }],
      install: [create, ["schtasks", "/Run", "/TN", "Hostrun"]],
      uninstall: [["schtasks", "/Delete", "/F", "/TN", "Hostrun"]],
    };
  }
  if (platform === "darwin") {
    const path = `${home}/Library/LaunchAgents/hostrun.daemon.plist`;
    return {
      files: [{ path, text: launchAgent(program) }],
      install: [["launchctl", "bootstrap", `gui/${uid}`, path]],
      uninstall: [["launchctl", "bootout", `gui/${uid}/hostrun.daemon`]],
    };
  }
  const folder = `${env["XDG_CONFIG_HOME"] || `${home}/.config`}/systemd/user`;
  const { service, socket } = systemdUnits(program);
  return {
    files: [
      { path: `${folder}/hostrun.service`, text: service },
      { path: `${folder}/hostrun.socket`, text: socket },
    ],
    install: [
      ["systemctl", "--user", "daemon-reload"],
      ["systemctl", "--user", "enable", "--now", "hostrun.socket"],
    ],
    uninstall: [
      ["systemctl", "--user", "disable", "--now", "hostrun.socket", "hostrun.service"],
      ["systemctl", "--user", "daemon-reload"],
    ],
  };
}

/**
 * Throws `conflict` if systemd could not listen on the socket. The daemon itself would listen elsewhere, in a directory that
 * is made anew with each daemon.
 */
export function refuseLongSocket(platform: string, socket: string): void {
  const bytes = Buffer.byteLength(socket);
  if (platform === "win32" || platform === "darwin" || bytes <= maxSocketPathBytes) return;
  throw new Problem(
    "conflict",
    `systemd cannot listen on ${socket}: a socket's path has at most ${maxSocketPathBytes} bytes, and this has ${bytes}. ` +
      "Set HOSTRUN_HOME to a directory with a shorter path, or use `hostrun start`, which finds a place for the socket.",
  );
}

function refuseOdd(path: string): void {
  // oxlint-disable-next-line no-control-regex
  if (!/[\u0000-\u001f\u007f]/.test(path)) return;
  throw new Problem(
    "invalid_request",
    "A path with control characters in it cannot be given to a service manager.",
  );
}
