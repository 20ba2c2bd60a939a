import { cp, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openCli, seen } from "../support/cli.ts";
import { openDirectory } from "../support/directory.ts";
import { durableFilesOf, until } from "../support/durable.ts";
import { openSshd } from "../support/sshd.ts";

test("a copy beside its original only looks at the durable runs of both", async () => {
  await using sshd = await openSshd();
  await using cli = await openCli(sshd);
  await using directory = await openDirectory({ readable: true });
  const gate = directory.join("gate");
  const command = `echo begun; until [ -e ${gate} ]; do sleep 0.05; done; echo over`;
  const running = cli.start(["run", "--durable", "-q", "web1", "--", command]);
  await seen(running.stdout, "begun");
  const backup = join(cli.home, "backup");
  await cli.run(["backup", backup]);
  const id = (await cli.run(["show", "last", "--format", "{{.id}}"])).stdout.toString().trim();
  // The original does nothing meanwhile, and is copied by hand, too.
  await cli.run(["stop"]);
  running.kill();
  const copies = [join(cli.home, "restored"), join(cli.home, "copied")];
  await cp(cli.stateDirectory, join(cli.home, "copied"), {
    recursive: true,
    filter: (path) => !path.endsWith("daemon.sock"),
  });
  const inCopy = (home: string, ...args: string[]) => cli.run(args, { env: { HOSTRUN_HOME: home } });
  await using _ = {
    [Symbol.asyncDispose]: async () => {
      for (const home of copies) await inCopy(home, "stop", "--force");
    },
  };
  expect((await inCopy(join(cli.home, "restored"), "restore", backup)).status).toBe(0);
  for (const home of copies) expect((await inCopy(home, "start")).status).toBe(0);
  for (const home of copies) {
    const { status, stderr } = await inCopy(home, "cancel", id);
    expect([status, stderr.toString()]).toEqual([1, expect.stringContaining("Cancel it there")]);
  }
  await writeFile(gate, "");
  for (const home of copies) {
    const followed = await inCopy(home, "attach", id);
    expect([followed.status, followed.stdout.toString()]).toEqual([0, "begun\nover\n"]);
  }
  expect(await durableFilesOf(sshd.user)).toContain(id);

  const own = await cli.run(["attach", id]);
  expect([own.status, own.stdout.toString()]).toEqual([0, "begun\nover\n"]);
  await until(async () => !(await durableFilesOf(sshd.user)).includes(id));
});
