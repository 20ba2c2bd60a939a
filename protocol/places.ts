import { Problem } from "./problem.ts";

/** The names of the files in the state directory; known to the daemon and to its clients. */
export const placeNames = {
  discovery: "daemon.json",
  socket: "daemon.sock",
  lock: "daemon.lock",
  log: "daemon.log",
  token: "token",
  instanceLock: "instance.lock",
  compileCache: "compile-cache",
  /** Reserved disk space that may be released; see `state-directory/reserve.ts`. */
  reserve: "hostrun.db-reserve",
} as const;

/** Maximum length of a Unix socket's path, without the terminating NUL (macOS: 104). */
export const maxSocketPathBytes = 103;

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The directory that holds everything the daemon writes: `$HOSTRUN_HOME`, else the platform's directory for state (XDG
 * Base Directory Specification 0.8; `Application Support` on macOS; `%LOCALAPPDATA%` on Windows). `platform`, `env`
 * and `home` are as in `process` and `os.homedir()`. The result is absolute, without a trailing separator; a
 * HOSTRUN_HOME that is not absolute is an `invalid_request`.
 */
export function stateDirectory(platform: string, env: Environment, home: string): string {
  const windows = platform === "win32";
  const own = env["HOSTRUN_HOME"];
  if (own !== undefined && own !== "") {
    if (!isAbsolute(own, windows)) {
      throw new Problem(
        "invalid_request",
        `HOSTRUN_HOME is "${own}", which is not an absolute path. Set it to one, or unset it.`,
      );
    }
    return trimmed(own, windows);
  }
  if (windows)
    return joinPath(platform, absolute(env["LOCALAPPDATA"], true) ?? `${home}\\AppData\\Local`, "hostrun");
  if (platform === "darwin") return joinPath(platform, home, "Library/Application Support/hostrun");
  return joinPath(
    platform,
    absolute(env["XDG_STATE_HOME"], false) ?? joinPath(platform, home, ".local/state"),
    "hostrun",
  );
}

/** `name` inside `directory`, with the platform's separator. */
export function joinPath(platform: string, directory: string, name: string): string {
  const windows = platform === "win32";
  const base = trimmed(directory, windows);
  const separator = windows ? "\\" : "/";
  return base.endsWith(separator) ? `${base}${name}` : `${base}${separator}${name}`;
}

/** The XDG specification requires that a relative path be ignored. */
function absolute(path: string | undefined, windows: boolean): string | undefined {
  return path !== undefined && isAbsolute(path, windows) ? path : undefined;
}

function isAbsolute(path: string, windows: boolean): boolean {
  return windows ? /^(?:[A-Za-z]:[\\/]|\\\\)/.test(path) : path.startsWith("/");
}

function trimmed(path: string, windows: boolean): string {
  const bare = path.replace(windows ? /[\\/]+$/ : /\/+$/, "");
  if (windows) return /^[A-Za-z]:$/.test(bare) ? `${bare}\\` : bare;
  return bare === "" ? "/" : bare;
}
