import { execFile } from "node:child_process";
import { existsSync, realpathSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { visibleLine } from "../protocol/visible.ts";
import { ownHome } from "../state-directory/account.ts";
import { errorCode } from "../state-directory/error-code.ts";
import { type Finding, ok, skipped } from "./finding.ts";
import { programFailure } from "./program-failure.ts";

const programTimeoutMs = 5000;

export async function ssh(environment: NodeJS.ProcessEnv): Promise<Finding> {
  const ran = await run("ssh", ["-V"], environment);
  if (ran.status === 0) return ok(ran.text || "`ssh` is there, and prints no version.");
  const message =
    ran.status === "missing" ? "There is no `ssh` in the PATH." : `\`ssh -V\` failed: ${ran.why}`;
  const fix =
    "Install OpenSSH's client: the SSH config is read by it, and hosts that need it are reached by it.";
  return { state: "warning", message, fix };
}

export async function sshConfig(environment: NodeJS.ProcessEnv): Promise<Finding> {
  const home = environment["HOME"] ?? homedir();
  const path = join(home, ".ssh/config");
  // By itself ssh reads the file in the account's home directory, wherever HOME is.
  const named = existsSync(path) && realpathSync(home) !== ownHome() ? ["-F", path] : [];
  const ran = await run("ssh", [...named, "-G", "--", "hostrun-doctor.invalid"], environment);
  if (ran.status === 0) return ok("OpenSSH finds no fault in it.");
  if (ran.status === "missing") return skipped("There is no `ssh` in the PATH.", "Install OpenSSH's client.");
  return { state: "failed", message: `OpenSSH cannot read it: ${ran.why}`, fix: configFix(ran) };
}

function configFix({ why, text }: Ran): string {
  const [, path] = /^Bad owner or permissions on (.+)/.exec(text) ?? [];
  if (path !== undefined)
    return `Only you may own it and change it (\`chown $USER ${path}\`, \`chmod go-w ${path}\`).`;
  return why === text ? "Fix the line named there; `ssh -G HOST` checks it." : "`ssh -G HOST` checks it.";
}

export async function agent(environment: NodeJS.ProcessEnv): Promise<Finding> {
  if ((environment["SSH_AUTH_SOCK"] ?? "") === "" && process.platform !== "win32") {
    return ok("None is used: SSH_AUTH_SOCK is not set.");
  }
  const ran = await run("ssh-add", ["-l"], environment);
  if (ran.status === 0) return ok(`It holds keys: ${ran.lines}.`);
  if (ran.status === 1)
    return { state: "warning", message: "It holds no keys.", fix: "`ssh-add` adds yours." };
  if (ran.status === "missing")
    return skipped("There is no `ssh-add` in the PATH.", "Install OpenSSH's client.");
  const message = `It does not answer on ${environment["SSH_AUTH_SOCK"] ?? ""}: ${ran.why}`;
  return { state: "warning", message, fix: "Start one (`eval $(ssh-agent)`), or unset SSH_AUTH_SOCK." };
}

interface Ran {
  readonly status: number | "missing" | "failed";
  /** The first line that it wrote; empty if there is none. */
  readonly text: string;
  /** Why it failed, in its own words if it wrote any. */
  readonly why: string;
  /** How many lines it printed. */
  readonly lines: number;
}

function run(file: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<Ran> {
  return new Promise((resolve) => {
    const options = { env, timeout: programTimeoutMs, killSignal: "SIGKILL", windowsHide: true } as const;
    const child = execFile(file, args, options, (failure, stdout, stderr) => {
      const text = visibleLine((stderr.trim() || stdout.trim()).split("\n")[0] ?? "");
      const lines = stdout.split("\n").filter((line) => line !== "").length;
      if (failure === null) resolve({ status: 0, text, why: "", lines });
      else if (errorCode(failure) === "ENOENT") resolve({ status: "missing", text, why: "not found", lines });
      else {
        const how = programFailure(failure, programTimeoutMs);
        if (typeof failure.code === "number")
          resolve({ status: failure.code, text, why: text || how, lines });
        else resolve({ status: "failed", text, why: how, lines });
      }
    });
    child.stdin?.end();
  });
}
