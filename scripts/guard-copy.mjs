// A copy of the checkout in which guards are disabled, one at a time.
import { spawn, spawnSync } from "node:child_process";
import { chmod, cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { root, toolEnv } from "./bootstrap.mjs";

/** Top-level names that no test needs or that are created here. */
const LEFT_OUT = new Set([
  ".git",
  "node_modules",
  "dist",
  "dist.next",
  "artifacts",
  "coverage",
  "test-results",
]);

/** The bundles that contain the files of a folder; for other folders, potentially all. */
const BUNDLES = {
  daemon: ["daemonLauncher", "daemon", "reader", "keyOpener", "differ", "checkpointer", "storeTask"],
  cli: ["launcher", "cli"],
  client: ["launcher", "cli", "extension"],
};

/**
 * Confines whatever a test leaves behind when its guard is disabled or it is interrupted: the processes have a pid
 * namespace, in which the shell is process 1, and mounts and the files in these two places are private. Requires root.
 */
const SHELL =
  'for place in /dev/shm /var/tmp; do mount -t tmpfs hostrun-guards $place; done && "$@"; exit $?';
const NAMESPACES = ["--mount", "--pid", "--fork", "--kill-child", "--mount-proc"];
const APART = process.getuid() === 0 ? ["unshare", ...NAMESPACES, "sh", "-c", SHELL, "sh"] : [];

/** Aborting `signal` ends the current work, which then rejects. */
export async function openGuardCopy(signal) {
  // Servers access it as other users.
  const path = await mkdtemp(join(tmpdir(), "hostrun-guards-"));
  const copy = new GuardCopy(path, signal);
  try {
    await chmod(path, 0o755);
    await copy.fill();
  } catch (failure) {
    await copy.remove();
    throw failure;
  }
  return copy;
}

class GuardCopy {
  #path;
  /** For temporary files of the tests; accounts that they create have this path as their comment. */
  #tmp;
  #signal;

  constructor(path, signal) {
    this.#path = path;
    this.#tmp = join(path, "tmp");
    this.#signal = signal;
  }

  async fill() {
    const names = (await readdir(root)).filter((name) => !LEFT_OUT.has(name));
    await Promise.all(names.map((name) => cp(join(root, name), join(this.#path, name), { recursive: true })));
    // Packages are shared with the checkout; vitest's own files beside them are not.
    await mkdir(join(this.#path, "node_modules"));
    for (const name of await readdir(join(root, "node_modules"))) {
      if (name.startsWith(".vite")) continue;
      await symlink(join(root, "node_modules", name), join(this.#path, "node_modules", name));
    }
    await mkdir(this.#tmp);
    await chmod(this.#tmp, 0o1777);
    const built = await this.#run(["node", "esbuild.mjs"]);
    if (built.code !== 0) throw new Error(`The checkout does not build: ${buildFailure(built.output)}`);
  }

  async remove() {
    for (const account of (await readFile("/etc/passwd", "utf8")).split("\n")) {
      const [name, , , , comment] = account.split(":");
      if (comment === this.#tmp) spawnSync("userdel", ["--remove", "--force", name]);
    }
    await rm(this.#path, { recursive: true, force: true, maxRetries: 5 });
  }

  /** Tries the guards of one test file; `report(guard, seconds, finding)` is called for each. */
  async tryFile(guards, report) {
    const [{ test }] = guards;
    const names = [...new Set(guards.map(({ name }) => name))];
    const generous = ["--testTimeout", "300000", "--hookTimeout", "300000"];
    const before = await this.#test(test, names, { options: generous, seconds: 1200, dist: "dist" });
    for (const guard of guards) {
      const startedAt = performance.now();
      const finding = await this.#tryWithout(guard, before);
      report(guard, (performance.now() - startedAt) / 1000, finding);
    }
  }

  /**
   * Returns why the guard's test does not prove it; undefined if it does: the test passes with the guard and fails
   * without it.
   */
  async #tryWithout({ file, text, replacement, test, name }, before) {
    const path = join(this.#path, file);
    const source = await readFile(path, "utf8");
    if (source.split(text).length !== 2) return `${file} has its text not exactly once`;
    const its = { ...before, results: before.results.filter(({ fullName }) => fullName.includes(name)) };
    if (count(its, "failed") > 0 || count(its, "passed") === 0) return `with it ${told(its)}`;
    const longestMs = Math.max(...its.results.map(({ duration }) => duration ?? 0));
    const allMs = its.results.reduce((sum, { duration }) => sum + (duration ?? 0), 0);
    // A test that takes much longer without its guard counts as endless.
    const limitMs = Math.round(10_000 + 4 * longestMs);
    const options = ["--testTimeout", String(limitMs), "--bail", "1"];
    try {
      await writeFile(
        path,
        source.replace(text, () => replacement),
      );
      const failure = await this.#build(file, test);
      if (failure !== undefined) return `without it ${failure}`;
      const seconds = Math.round(60 + (limitMs + 4 * allMs) / 1000);
      const after = await this.#test(test, [name], { options, seconds, dist: "dist.without" });
      if (count(after, "failed") === 0 && !after.endless) return `without it ${told(after)}`;
    } finally {
      await writeFile(path, source);
    }
    return undefined;
  }

  /** Builds what the test runs into dist.without. Returns why the build failed. */
  async #build(file, test) {
    // Unit tests import the sources; all others run bundles.
    const { code, output } = test.startsWith("test/unit/")
      ? await this.#run(["esbuild", "--log-level=error", "--loader:.sh=text", file])
      : await this.#bundle(file);
    return code === 0 ? undefined : `it does not build: ${buildFailure(output)}`;
  }

  async #bundle(file) {
    const out = join(this.#path, "dist.without");
    await rm(out, { recursive: true, force: true });
    await cp(join(this.#path, "dist"), out, { recursive: true });
    const only = BUNDLES[file.split("/")[0]] ?? [
      "daemonLauncher",
      "daemon",
      "reader",
      "keyOpener",
      "differ",
      "checkpointer",
      "storeTask",
      "launcher",
      "cli",
      "extension",
      "webview",
    ];
    return this.#run(["node", "esbuild.mjs", "--out", out, ...only.flatMap((name) => ["--only", name])]);
  }

  /** The results of a file's tests whose names contain one of `names`. */
  async #test(test, names, { options, seconds, dist }) {
    const report = join(this.#path, "report.json");
    await rm(report, { force: true });
    const pattern = names.map((name) => name.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)).join("|");
    const reporters = ["--reporter=json", `--outputFile.json=${report}`];
    const vitest = ["vitest", "run", test, "-t", pattern, ...options, ...reporters];
    // vitest's own limits do not end a test that loops forever.
    const timeout = ["timeout", "--signal=KILL", String(seconds)];
    const env = { TEST_DIST: join(this.#path, dist), TMPDIR: this.#tmp };
    const { code, output } = await this.#run([...APART, ...timeout, ...vitest], env);
    const text = await readFile(report, "utf8").catch(() => undefined);
    if (text === undefined) return { results: [], endless: code === 137, trouble: output.slice(-2000) };
    const { testResults } = JSON.parse(text);
    return {
      results: testResults.flatMap(({ assertionResults }) => assertionResults),
      endless: false,
      trouble: testResults.map(({ message }) => message).join("\n"),
    };
  }

  /** Runs a program in the copy to its end. Rejects if interrupted. */
  async #run([command, ...args], env = {}) {
    this.#signal.throwIfAborted();
    const child = spawn(command, args, {
      cwd: this.#path,
      env: { ...toolEnv(), ...env },
      stdio: ["ignore", "pipe", "pipe"],
      // In a process group of its own, which a terminal's Ctrl-C does not reach: it is ended here.
      detached: true,
    });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (chunk) => {
        output += chunk;
      });
    }
    const end = () => {
      try {
        process.kill(-child.pid, "SIGKILL");
      } catch {
        // It has already exited.
      }
    };
    this.#signal.addEventListener("abort", end);
    const code = await new Promise((resolve, reject) => {
      child.once("error", reject);
      child.once("exit", (exitCode) => resolve(exitCode));
    });
    this.#signal.removeEventListener("abort", end);
    this.#signal.throwIfAborted();
    return { code, output };
  }
}

function count({ results }, end) {
  return results.filter(({ status }) => status === end).length;
}

function told(outcome) {
  const [passed, failed] = [count(outcome, "passed"), count(outcome, "failed")];
  if (passed + failed === 0) return `no test ran: ${firstLine(outcome.trouble)}`;
  const why = outcome.results.find(({ status }) => status === "failed")?.failureMessages?.[0] ?? "";
  return `${passed} tests passed and ${failed} failed${failed > 0 ? `: ${firstLine(why)}` : ""}`;
}

/** esbuild's own message, with its location. */
function buildFailure(output) {
  const [, what, where] = /\[ERROR\] (.+)\n\s+(\S+:\d+:\d+):/.exec(output) ?? [];
  return what === undefined ? firstLine(output) : `${what} (${where})`;
}

function firstLine(text) {
  return text.trim().split("\n", 1)[0] ?? "";
}
