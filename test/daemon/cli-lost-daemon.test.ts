import { readdir, readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { type Cli, finish, openCli, seen } from "../support/cli.ts";
import { openDirectory } from "../support/directory.ts";
import { until } from "../support/durable.ts";
import { openSshd } from "../support/sshd.ts";

/** A person's command line, a host, and a command on it that runs until this is disposed. */
async function openScene() {
  await using own = new AsyncDisposableStack();
  const sshd = own.use(await openSshd());
  const cli = own.use(await openCli(sshd));
  const marks = own.use(await openDirectory({ readable: true }));
  const command = `: > ${marks.join("$$")}; echo up; while [ -e ${marks.path} ]; do sleep 0.1; done`;
  const running = async (count: number): Promise<void> =>
    until(async () => (await readdir(marks.path)).length === count);
  const owned = own.move();
  return { cli, command, running, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

async function kill(cli: Cli): Promise<void> {
  const discovery = await readFile(`${cli.stateDirectory}/daemon.json`, "utf8");
  process.kill(Number(/"pid":(\d+)/.exec(discovery)?.[1]), "SIGKILL");
}

const newest = async (cli: Cli): Promise<string> => {
  const { stdout } = await cli.run(["history", "--json"]);
  return /"id":\s*"([0-9a-f-]{36})"/.exec(stdout.toString())?.[1] ?? "";
};

test("when the daemon is killed, followers of what is not durable are told so, and where its output is", async () => {
  await using scene = await openScene();
  const { cli, command } = scene;
  const run = cli.start(["run", "web1", "--", command]);
  const ends = [finish(run)];
  await seen(run.stdout, "up");
  const id = await newest(cli);
  const attached = cli.start(["attach", id]);
  ends.push(finish(attached));
  await seen(attached.stdout, "up");
  ends.push(finish(cli.start(["run", "web*", "--", command])));
  await scene.running(2);
  await kill(cli);
  const [ofRun, ofAttach, ofJob] = await Promise.all(ends);
  const lost =
    "hostrun: Unknown: daemon lost, and with it the connection to the host. The command may still be running there. " +
    `See \`hostrun show ${id}\` for its output until then.\n`;
  for (const each of [ofRun, ofAttach]) {
    expect([each?.status, each?.stdout.toString()]).toEqual([255, "up\n"]);
    expect(each?.stderr.toString()).toMatch(/^.*\nhostrun: No Hostrun daemon listens on .*\n$/);
    expect(each?.stderr.toString().startsWith(lost)).toBe(true);
  }
  const { stdout } = await cli.run(["jobs", "--json"]);
  const job = /"id":\s*"([0-9a-f-]{36})"/.exec(stdout.toString())?.[1] ?? "";
  expect(ofJob?.stderr.toString()).toContain(
    "hostrun: Unknown: daemon lost, and with it the connections to the hosts. Commands may still be running there; no " +
      `more are started. See \`hostrun jobs show ${job}\`.\n`,
  );
  const shown = await cli.run(["show", id]);
  expect(shown.stdout.toString()).toContain("up\n");
  expect(shown.stdout.toString()).toMatch(/Outcome +unknown/);
});

test("when the daemon is stopped, followers of a durable run are told to attach later", async () => {
  await using scene = await openScene();
  const { cli, command } = scene;
  const run = cli.start(["run", "--durable", "web1", "--", command]);
  const end = finish(run);
  await seen(run.stdout, "up");
  const id = await newest(cli);
  await cli.run(["stop"]);
  const { status, stderr } = await end;
  expect(status).toBe(255);
  expect(stderr.toString()).toContain(
    `hostrun: Unknown: how the run continues. See \`hostrun attach ${id}\` later.\n`,
  );
});
