// `npm run demo`: from a clean clone to commands that stream from a real SSH host, started for the demo on loopback.
// `--no-build` uses dist/ as it is; `stop` ends a demo; `--directory DIR` puts it elsewhere.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { userInfo } from "node:os";
import { relative, resolve } from "node:path";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import { installDebianPackages, installNodeModules, main, root, toolEnv } from "./bootstrap.mjs";
import { addFleet } from "./demo-fleet.mjs";
import { SSHD, askDaemon, defaultDirectory, demoEnv, demoPlace, makePlace, readText } from "./demo-place.mjs";
import { removePlace, startSshd } from "./demo-place.mjs";
import { hostTarget, vsixFor } from "./targets.mjs";

const WARM_RUNS = 20;
const COLD_RUNS = 5;

const { values, positionals } = parseArgs({
  options: {
    directory: { type: "string", default: defaultDirectory },
    "no-build": { type: "boolean", default: false },
  },
  allowPositionals: true,
});
const place = demoPlace(resolve(values.directory));
const paint = (code, text) => (process.stdout.isTTY ? `\x1b[${code}m${text}\x1b[0m` : text);
const dim = (text) => paint(2, text);
const bold = (text) => paint(1, text);

/** The current child process, for Ctrl-C to end. */
let child;
let interrupted = false;
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
  process.on(signal, () => {
    interrupted = true;
    child?.kill("SIGTERM");
  });
}

// The reader of the output may exit: `npm run demo | head`.
process.stdout.on("error", () => {
  interrupted = true;
});

await main(async () => {
  const [word, ...more] = positionals;
  if (more.length > 0 || (word !== undefined && word !== "stop")) {
    throw new Error("Usage: node scripts/demo.mjs [stop] [--directory DIR] [--no-build]");
  }
  if (word === "stop") await stop();
  else await start();
});

async function stop() {
  const removed = await removePlace(place);
  console.log(
    removed ? `The demo in ${place.directory} is stopped and removed.` : "There is no demo to stop.",
  );
}

async function start() {
  console.log(`\n${bold("Hostrun demo")}\n`);
  let begun = false;
  try {
    if (!values["no-build"]) await prepare();
    if (await removePlace(place)) done("ended the demo that ran before");
    begun = true;
    await makePlace(place);
    await openHost();
    await showRuns();
    await showFleet();
    await showEvents();
    await showMetrics();
    await showNext();
  } catch (error) {
    const log = readText(place.daemonLog).trimEnd().split("\n").slice(-5).join("\n");
    if (begun) await removePlace(place);
    if (!interrupted) {
      throw log === "" ? error : new Error(`${error.message}\nThe daemon's log ends with:\n${log}`);
    }
    console.log(begun ? "\nInterrupted: the demo is stopped and removed." : "\nInterrupted.");
    process.exitCode = 130;
  }
}

async function prepare() {
  await installNodeModules();
  carryOn();
  // Debian may start its own SSH service with the package; the demo has a server of its own.
  await installDebianPackages([
    ...(existsSync(SSHD) ? [] : ["openssh-server"]),
    ...(existsSync("/usr/bin/curl") ? [] : ["curl"]),
  ]);
  carryOn();
  done("packages installed");
  await timed("built dist/", () => capture("node", ["esbuild.mjs"]));
  await timed("packaged the VSIX", () => capture("node", ["scripts/package.mjs"]));
}

async function openHost() {
  const { port, pid } = await startSshd(place);
  done(`SSH server on 127.0.0.1:${port}, for this demo only (process ${pid})`);
  await hostrun("start");
  const { pid: daemon } = await ask("GET", "/api/health");
  done(`daemon with a history of its own in ${place.state} (process ${daemon})`);
  const user = `${userInfo().username}@127.0.0.1:${port}`;
  await hostrun("hosts", "add", "demo", user, "--identity-file", place.userKey, "--group", "demo");
  const [type, key] = readText(`${place.hostKey}.pub`).split(" ");
  await hostrun("known-hosts", "add", `127.0.0.1:${port}`, type, key);
  const { items } = await ask("GET", "/api/known-hosts");
  done(`host "demo" added, its key recorded: ${items[0]?.fingerprint}`);
  await addFleet(place, { port, key }, send);
  done(`hosts web1 to web6, db1 and db2 added: the same server on other addresses, with other answers`);
}

async function showRuns() {
  const counting = `for n in 1 2 3 4 5; do echo "line $n at $(date +%T.%N | cut -c1-12)"; sleep 0.2; done`;
  await show('echo "Hello from $(hostname), $(uname -sr)"');
  await show("id -un; nproc; df -h /");
  await show(counting);
  await show("echo this is stdout; echo this is stderr >&2; exit 3");
}

/** One run with the command line, its output shown as it arrives. */
async function show(command) {
  console.log(`\n${bold(`$ hostrun run demo -- '${command}'`)}`);
  const status = await shown(["dist/cli.cjs", "run", "--no-stdin", "demo", "--", command]);
  const [run] = (await ask("GET", "/api/runs?limit=1")).items;
  if (run.outcome !== "exited" || run.exitCode !== status) {
    throw new Error(`The command ended with ${status}, but is recorded as ${run.outcome} (${run.exitCode}).`);
  }
  const connection = run.reusedConnection ? "over the warm connection" : "with a new connection";
  console.log(dim(`  exit status ${status}, ${milliseconds(run.timings.totalMs)} ${connection}`));
}

/**
 * One command on eight hosts: each distinct output once, and how the others of a group differ from the most common one.
 */
async function showFleet() {
  const command = "cat ~/app.conf";
  for (const [option, ...targets] of [
    ["--gather", "web*", "db*"],
    ["--diff", "tag:web"],
  ]) {
    const words = targets.map((target) => (target.includes("*") ? `'${target}'` : target)).join(" ");
    console.log(`\n${bold(`$ hostrun run ${option} ${words} -- '${command}'`)}`);
    const status = await shown(["dist/cli.cjs", "run", option, ...targets, "--", command]);
    const expected = option === "--gather" ? 1 : 0;
    if (status !== expected) throw new Error(`It ended with ${status} where ${expected} was expected.`);
  }
}

/** Runs the command line, and prints each line of its output as it arrives. */
async function shown(args) {
  child = spawn("node", args, { cwd: root, env: demoEnv(place), stdio: ["ignore", "pipe", "pipe"] });
  createInterface({ input: child.stdout }).on("line", (line) => console.log(`  ${line}`));
  createInterface({ input: child.stderr }).on("line", (line) => console.log(`  ${paint(33, line)}`));
  return ended();
}

/** One run over HTTP, its event stream shown verbatim. */
async function showEvents() {
  const body = { host: "demo", command: "echo one; sleep 0.3; echo two" };
  console.log(`\n${bold("POST /api/ssh/stream")} ${dim(JSON.stringify(body))}`);
  const wide = Math.max(60, (process.stdout.columns ?? 110) - 4);
  const answer = await send("POST", "/api/ssh/stream", body);
  for await (const line of createInterface({ input: answer })) {
    carryOn();
    if (line !== "") console.log(`  ${line.length > wide ? `${line.slice(0, wide - 1)}…` : line}`);
  }
}

async function showMetrics() {
  await measure(3);
  const warm = await measure(WARM_RUNS);
  const cold = await measure(COLD_RUNS, async () => {
    const { items } = await ask("GET", "/api/connections");
    for (const { id } of items) await (await send("DELETE", `/api/connections/${id}`)).resume();
  });
  const { pool, store, cache, runs } = await ask("GET", "/api/stats");
  console.log(`\n${bold("From POST to exit status, the command `true`")}`);
  console.log(`  ${milliseconds(warm).padStart(8)}  over the warm connection (median of ${WARM_RUNS})`);
  console.log(
    `  ${milliseconds(cold).padStart(8)}  with a new connection and login (median of ${COLD_RUNS})`,
  );
  console.log(
    dim(
      `  ${runs.ended} runs, ${pool.opened} connections opened, ${pool.reused} times reused; ` +
        `store ${store.journalMode}, cache ${cache.backend}`,
    ),
  );
}

/** The median of `count` runs in milliseconds, each read to the end of its events. */
async function measure(count, before = async () => undefined) {
  const times = [];
  while (times.length < count) {
    await before();
    carryOn();
    const begun = performance.now();
    const text = await textOf(await send("POST", "/api/ssh/stream", { host: "demo", command: "true" }));
    times.push(performance.now() - begun);
    if (!text.includes('"outcome":"exited","exitCode":0')) throw new Error(`A run of true failed:\n${text}`);
  }
  return times.sort((one, other) => one - other)[Math.floor(count / 2)];
}

async function showNext() {
  const vsix = await vsixFor(hostTarget());
  const elsewhere = place.directory === defaultDirectory ? "" : ` --directory ${place.directory}`;
  const cli = `HOSTRUN_HOME=${place.state} node dist/cli.cjs`;
  const body = `{"host":"demo","command":"for n in 1 2 3; do date; sleep 1; done"}`;
  const curl = `curl -N --unix-socket ${place.socket} -H 'Content-Type: application/json' -d '${body}' http://hostrun/api/ssh/stream`;
  console.log(`
${bold("The daemon and the SSH server go on running. Try next:")}

  ${curl}

  ${cli} run demo -- 'cat /etc/os-release'
  ${cli} run 'web[1-6]' db1 db2 -- uptime
  ${cli} history
  ${cli} status
`);
  if (existsSync(vsix)) {
    console.log(`${bold("The extension for VS Code:")}

  code --install-extension ${relative(root, vsix)}

  To see the demo's hosts in it, set hostrun.stateDirectory to ${place.state}
`);
  }
  console.log(`${bold("Stop both and remove what the demo made:")}

  node scripts/demo.mjs stop${elsewhere}
`);
}

async function timed(what, task) {
  const begun = performance.now();
  await task();
  done(what, `${((performance.now() - begun) / 1000).toFixed(1)} s`);
}

function done(what, note = "") {
  console.log(`  ${paint(32, "✓")} ${what}${note === "" ? "" : ` ${dim(`(${note})`)}`}`);
}

function hostrun(...args) {
  return capture("node", ["dist/cli.cjs", ...args], demoEnv(place));
}

/** Runs a program whose output is only shown if it fails. */
async function capture(command, args, env = toolEnv()) {
  child = spawn(command, args, { cwd: root, env, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text) => {
      output += text;
    });
  }
  const status = await ended();
  if (status !== 0)
    throw new Error(`${command} ${args.join(" ")} ended with ${status}:\n${output.trimEnd()}`);
}

async function ended() {
  const status = await new Promise((settle, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => settle(code ?? signal));
  });
  carryOn();
  return status;
}

/** Ctrl-C takes effect here, between two steps. */
function carryOn() {
  if (interrupted) throw new Error("interrupted");
}

async function ask(method, path) {
  return JSON.parse(await textOf(await send(method, path)));
}

function send(method, path, body) {
  return askDaemon(place.socket, method, path, body);
}

async function textOf(answer) {
  const chunks = [];
  for await (const chunk of answer) chunks.push(chunk);
  return Buffer.concat(chunks).toString("utf8");
}

function milliseconds(span) {
  return `${span < 10 ? span.toFixed(1) : Math.round(span)} ms`;
}
