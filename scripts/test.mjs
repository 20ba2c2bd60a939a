// `npm test`: installs what the tests need, then runs every check and every test. With arguments (unit, daemon, editor,
// faults), only the build and those tests.
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  installCodeServer,
  installDebianPackages,
  installNodeModules,
  main,
  root,
  run,
  toolEnv,
} from "./bootstrap.mjs";
import { expectNoneLeft, runningDaemons } from "./left-daemons.mjs";
import { hostTarget, vsixFor } from "./targets.mjs";

const SERVERS = [
  "openssh-client",
  "openssh-server",
  "dropbear-bin",
  "tinysshd",
  "nginx-light",
  "python3-asyncssh",
  "python3-paramiko",
  "libssh-dev",
  "libpam-oath",
  "softhsm2",
  "tcc",
  "libc6-dev",
  "krb5-kdc",
  "krb5-admin-server",
  "krb5-user",
  "socat",
  "redis-server",
  "curl",
  "jq",
  "systemd",
  "sudo",
];

/** The tools that the benchmarks compare with. */
const FLEETS = ["clustershell", "pssh"];

/** Login shells to run commands with, besides those that every Debian has. */
const SHELLS = ["busybox", "fish", "ksh93u+m", "mksh", "tcsh", "zsh"];

/** The tests by part: their vitest projects and the Debian packages that they use. */
const PARTS = {
  unit: { projects: ["unit", "contract"], packages: [...SERVERS, ...SHELLS, "unzip"] },
  daemon: { projects: ["daemon", "openssh"], packages: [...SERVERS, ...SHELLS, ...FLEETS] },
  faults: {
    projects: ["faults"],
    packages: [...SERVERS, ...SHELLS, ...FLEETS, "iproute2", "strace", "libfaketime"],
  },
  editor: { projects: ["editor"], packages: [...SERVERS, "chromium", "fonts-dejavu-core"] },
};

const CHECKS = {
  typecheck: ["npm", "run", "--silent", "typecheck"],
  lint: ["npm", "run", "--silent", "lint"],
  "shell scripts": ["npm", "run", "--silent", "shellcheck"],
  format: ["npm", "run", "--silent", "format:check"],
  "dead code": ["npm", "run", "--silent", "knip"],
};

const asked = process.argv.slice(2);
const parts = asked.length > 0 ? asked : Object.keys(PARTS);
const env = toolEnv();
// `npm test` runs a short form of the faults; naming them runs the full form.
if (asked.includes("faults")) env.TEST_FAULTS = "full";
const stages = [];
const counts = { passed: 0, failed: 0, skipped: 0 };
/** Failures, each with the first line of its message. */
const failures = [];

await main(async () => {
  const unknown = asked.filter((name) => !Object.hasOwn(PARTS, name));
  if (unknown.length > 0) {
    throw new Error(`There are no ${unknown.join(", ")} tests, but ${Object.keys(PARTS).join(", ")}.`);
  }
  await runEverything();
  summarize();
});

async function runEverything() {
  if (!(await stage("install", install))) return;
  if (!(await stage("build", () => run("node", ["esbuild.mjs"])))) return;
  if (asked.length === 0) {
    for (const [name, [command, ...args]] of Object.entries(CHECKS)) {
      await stage(name, () => run(command, args));
    }
  }
  const daemons = await runningDaemons();
  for (const part of parts) {
    if (part === "editor" && !(await stage("package", () => run("node", ["scripts/package.mjs"])))) continue;
    await stage(`${part} tests`, () => runTests(part));
  }
  await stage("no daemon left", () => expectNoneLeft(daemons));
  if (asked.length === 0) {
    await stage("some of the guards", () => run("node", ["scripts/guards.mjs", "--of-commit"]));
  }
}

async function install() {
  await installNodeModules();
  const packages = parts.flatMap((part) => PARTS[part].packages);
  if (asked.length === 0) packages.push("shellcheck");
  await installDebianPackages([...new Set(packages)]);
  if (!parts.includes("editor")) return;
  env.TEST_CODE_SERVER = await installCodeServer();
  env.TEST_VSIX = await vsixFor(hostTarget());
}

async function stage(name, task) {
  console.log(`\n── ${name} ──`);
  const startedAt = performance.now();
  const failure = await task().then(
    () => undefined,
    (error) => error.message,
  );
  if (failure) console.error(failure);
  stages.push({ name, failure, seconds: (performance.now() - startedAt) / 1000 });
  return failure === undefined;
}

async function runTests(part) {
  const scratch = await mkdtemp(join(tmpdir(), "hostrun-test-"));
  const report = join(scratch, "report.json");
  const full = env.TEST_FAULTS === "full" && part === "faults";
  const files = full ? ["test/faults", ...(await filesWithFullForm())] : [];
  const names = full ? [...PARTS[part].projects, "unit"] : PARTS[part].projects;
  const projects = names.flatMap((project) => ["--project", project]);
  // vitest only runs projects from one queue if they have the same number of workers.
  if (full) projects.push("--maxWorkers=2");
  const reporters = ["--reporter=default", "--reporter=./scripts/test-report.mjs"];
  const failure = await run("vitest", ["run", ...files, ...projects, ...reporters], {
    env: { ...env, TEST_REPORT: report },
  }).catch((error) => error);
  const counted = await countTests(report);
  await rm(scratch, { recursive: true });
  if (!failure) return;
  if (counted === 0) failures.push(`${part}: ${failure.message}`);
  throw failure;
}

/** The unit tests whose number of cases is configurable: their full form runs with that of the faults. */
async function filesWithFullForm() {
  const found = [];
  for (const name of await readdir(join(root, "test/unit"), { recursive: true })) {
    if (!name.endsWith(".test.ts")) continue;
    const file = join("test/unit", name);
    if ((await readFile(join(root, file), "utf8")).includes("support/fault-counts.ts")) found.push(file);
  }
  return found;
}

/** Returns how many failed, or broke outside of any test. */
async function countTests(report) {
  const text = await readFile(report, "utf8").catch(() => "{}");
  const { counts: counted = {}, failures: found = [] } = JSON.parse(text);
  for (const [state, count] of Object.entries(counted)) counts[state] += count;
  failures.push(...found);
  return found.length;
}

function summarize() {
  console.log("\n── summary ──");
  for (const { name, failure, seconds } of stages) {
    console.log(`${failure ? "FAILED" : "ok    "} ${`${seconds.toFixed(1)} s`.padStart(9)}  ${name}`);
  }
  // Repeated here, since the log above is long and a reader may only have its end.
  for (const failure of failures.slice(0, 20)) console.log(`FAILED  ${failure}`);
  if (counts.skipped > 0) console.log(`${counts.skipped} skipped`);
  if (counts.passed + failures.length > 0) console.log(`${counts.passed} passed, ${failures.length} failed`);
  process.exitCode = stages.some(({ failure }) => failure) ? 1 : 0;
}
