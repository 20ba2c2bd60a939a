import { execFileSync } from "node:child_process";
import { mkdir, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { openTestDaemon } from "../support/daemon.ts";
import { hostOf, knowHosts, openHostedDaemon, openStream } from "../support/hosted-daemon.ts";
import { problemOf } from "../support/http.ts";
import { containing } from "../support/matching.ts";
import { RunReading } from "../support/run-stream.ts";

const kinds: [string, (path: string) => unknown, string][] = [
  ["a FIFO", (path) => execFileSync("mkfifo", [path]), "it is a FIFO"],
  ["zeros without end", (path) => symlink("/dev/zero", path), "it is a device"],
  ["a directory", (path) => mkdir(path), "it is a directory"],
  ["3 GB", (path) => execFileSync("truncate", ["-s", "3G", path]), "it is larger than"],
];

await using stack = new AsyncDisposableStack();
const daemon = stack.use(await openHostedDaemon());
const owned = stack.move();
afterAll(() => owned.disposeAsync());

describe.each(kinds)("%s", (what, make, why) => {
  const path = join(daemon.home, what.replaceAll(" ", "-"));

  test("is not imported", async () => {
    await make(path);
    const importing = daemon.client.call("importHosts", { body: { source: "ssh_config", path } });
    expect(await problemOf(importing)).toMatchObject({ code: "invalid_request", message: containing(why) });
  });

  test("is no key, and keeps nobody else from logging in", async () => {
    // One more than Node has threads for files.
    const logins = Array.from({ length: 5 }, async (_, index) => {
      const name = `${what.replaceAll(" ", "-")}${index}`;
      await daemon.client.call("createHost", {
        body: { ...hostOf(daemon.sshd), name, user: `user${index}`, identityFile: path },
      });
      return daemon.run("true", { host: name });
    });
    for (const run of await Promise.all(logins)) {
      expect(run.problem.code).toBe("identity_file_unreadable");
      expect(run.problem.message).toContain(why);
    }
    for (const { id } of (await daemon.client.call("listConnections")).items) {
      await daemon.client.call("closeConnection", { params: { connection: id } });
    }
    expect((await daemon.run("echo in")).text()).toBe("in\n");
  });

  test("as ~/.ssh/config keeps no saved host from being listed and run on", async () => {
    const config = join(daemon.home, ".ssh/config");
    await make(config);
    const { items, problems } = await daemon.client.call("listHosts");
    expect(items.map(({ name }) => name)).toContain("web1");
    expect(problems).toMatchObject([
      { code: "invalid_request", detail: containing(`${config} cannot be used: ${why}`) },
    ]);
    expect((await daemon.run("echo in")).text()).toBe("in\n");
    const refused = await daemon.http.ask("POST", "/api/runs", { json: { host: "alias", command: "true" } });
    expect(refused.problem()).toMatchObject({ code: "invalid_request", detail: containing(why) });
    await rm(config, { recursive: true });
    expect((await daemon.client.call("listHosts")).problems).toEqual([]);
  });

  test("as known_hosts knows no key, and no unknown one is accepted by itself", async () => {
    const home = join(daemon.home, `home of ${what}`);
    await knowHosts(home, "");
    await rm(join(home, ".ssh/known_hosts"));
    await make(join(home, ".ssh/known_hosts"));
    await using own = await openTestDaemon({ home, flags: ["--host-key-policy", "acceptNew"] });
    await own.client.call("createHost", { body: hostOf(daemon.sshd) });
    const refused = await new RunReading().follow(await openStream(own, "echo in"));
    expect(refused.problem).toMatchObject({
      code: "host_key_unknown",
      members: { reason: "known_hosts_unreadable" },
    });
    expect(refused.problem.message).toContain(`${join(home, ".ssh/known_hosts")} (${why}`);
    // What another file knows is known.
    await writeFile(join(home, ".ssh/known_hosts2"), daemon.sshd.knownHosts);
    expect((await new RunReading().follow(await openStream(own, "echo in"))).text()).toBe("in\n");
  });
});
