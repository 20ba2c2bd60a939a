import { rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { formatCount } from "../../protocol/count.ts";
import type { DoctorCheck, DoctorReport } from "../../protocol/doctor.ts";
import { Problem } from "../../protocol/problem.ts";
import { formatBytes } from "../../protocol/size.ts";
import { visibleLines } from "../../protocol/visible.ts";
import { draftOf } from "../../state-directory/atomic-file.ts";
import { bytesOf } from "../core/file-bytes.ts";
import { runProgram } from "../core/run-program.ts";
import type { Bytes } from "../http/request-context.ts";
import { readOrProblem } from "../store/storage-errors.ts";
import type { DaemonContext } from "./context.ts";
import type { Storage } from "./storage.ts";
import type { Transport } from "./transport.ts";

const checkTimeoutMs = 10_000;
const backupTimeoutMs = 600_000;
const maxAnswerBytes = 64 * 1024;

type MaintainedServices = Pick<Storage & Transport, "cache" | "pool" | "store" | "damagedStore">;

/** Diagnostics that only the daemon itself can run, and backups of its state. */
export class Maintenance {
  readonly #context: DaemonContext;
  readonly #services: MaintainedServices;

  constructor(context: DaemonContext, services: MaintainedServices) {
    this.#context = context;
    this.#services = services;
  }

  /** Takes little more than ten seconds at most. */
  async doctor(): Promise<DoctorReport> {
    return {
      checks: [await this.#database(), this.#history(), await this.#redis(), this.#crypto(), this.#workers()],
    };
  }

  /** A consistent copy of the state, made by a separate process; removed once it was read, or after ten minutes. */
  async backup(): Promise<Bytes> {
    const target = draftOf(join(this.#context.stateDirectory, "backup"));
    const remove = (): void => rmSync(target, { force: true });
    try {
      await this.#task("backup", backupTimeoutMs, target);
    } catch (failure) {
      remove();
      throw failure;
    }
    const late = setTimeout(remove, backupTimeoutMs).unref();
    const done = (): void => {
      clearTimeout(late);
      remove();
    };
    return { size: statSync(target).size, read: (from, to) => bytesOf(target, { from, to }, done) };
  }

  async #database(): Promise<DoctorCheck> {
    const name = "database";
    const { damagedStore } = this.#services;
    try {
      const found = await this.#task("check", checkTimeoutMs);
      if (found !== "ok") {
        const fix =
          "`hostrun restart` moves it aside and creates a new one; `hostrun restore FILE` brings back a backup.";
        return { name, state: "failed", message: `It is damaged: ${visibleLines(found)}`, fix };
      }
    } catch (failure) {
      const message = failure instanceof Error ? failure.message : String(failure);
      return { name, state: "warning", message, fix: "See `hostrun logs`." };
    }
    if (damagedStore === null) return { name, state: "ok", message: "SQLite finds it whole.", fix: null };
    const message = `A new one was created because the old one was damaged or missing. What was left of it is ${damagedStore}.`;
    return { name, state: "warning", message, fix: "`hostrun restore FILE` brings back a backup." };
  }

  /** Warns if the pinned runs alone exceed the limit: nothing else can then be deleted. */
  #history(): DoctorCheck {
    const name = "history";
    const { historyMaxBytes } = this.#context.settings.current;
    const pinned = readOrProblem(() => this.#services.store.pinned());
    if (pinned instanceof Problem)
      return { name, state: "skipped", message: "The store cannot be read.", fix: null };
    const { runs, bytes } = pinned;
    if (runs === 0) return { name, state: "ok", message: "No run is pinned.", fix: null };
    const message = `${formatCount(runs, "pinned run holds", "pinned runs hold")} ${formatBytes(bytes)} of the ${formatBytes(historyMaxBytes)} that the history may take.`;
    if (bytes <= historyMaxBytes) return { name, state: "ok", message, fix: null };
    const fix = "Unpin some (`hostrun history unpin RUN`), or raise historyMaxBytes (`hostrun config`).";
    return { name, state: "warning", message, fix };
  }

  async #redis(): Promise<DoctorCheck> {
    const name = "redis";
    const { cache } = this.#services;
    await cache.check();
    const { backend, connected, problem } = cache.metrics();
    if (backend === "memory")
      return { name, state: "ok", message: "Not used; results are cached in the daemon.", fix: null };
    if (connected && problem === null) return { name, state: "ok", message: "Connected.", fix: null };
    const what = `It ${connected ? "refuses" : "cannot be used"}${problem === null ? "" : ` (${problem})`}.`;
    const message = `${what} Runs still work; results are cached in the daemon.`;
    const fix = connected
      ? "Make room in Redis, or name one in redisUrl that takes writes (`hostrun config set redisUrl URL`)."
      : "See `hostrun config get redisUrl`, and whether it runs.";
    return { name, state: "warning", message, fix };
  }

  #crypto(): DoctorCheck {
    const message = this.#services.pool.nativeCrypto
      ? "ssh2 encrypts with its native part."
      : "ssh2 encrypts with the OpenSSL of Node.";
    return { name: "nativeCrypto", state: "ok", message, fix: null };
  }

  #workers(): DoctorCheck {
    const message = "On: runs with `worker: auto` skip start files that take long, where the host has Perl.";
    return { name: "worker", state: "ok", message, fix: null };
  }

  /** Resolves to the line that the process prints. Rejects with a Problem. */
  async #task(what: "check" | "backup", timeoutMs: number, ...files: readonly string[]): Promise<string> {
    const { reader, storeTask, stateDirectory, endGroup } = this.#context;
    const result = await runProgram({
      file: reader.runtime,
      args: [storeTask, what, stateDirectory, ...files],
      env: { ELECTRON_RUN_AS_NODE: "1" },
      timeoutMs,
      maxBytes: maxAnswerBytes,
      endGroup,
    });
    const failed = what === "check" ? "The store could not be checked" : "The backup could not be made";
    if (result.kind === "failed") throw new Problem("internal", `${failed}: ${result.why}.`);
    if (result.code === 0) return result.stdout.toString().trim();
    const why = visibleLines(result.stderr) || `it ended with status ${result.code}`;
    throw Problem.fromJson(result.stderr) ?? new Problem("internal", `${failed}: ${why}`);
  }
}
