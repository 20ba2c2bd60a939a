import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, lstat, mkdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openDaemon } from "../../client/daemon.ts";
import { prepareStateDirectory } from "../../daemon/core/state-directory.ts";
import { builtDaemon } from "../support/cli.ts";
import { openTestDaemon, spawnDaemon } from "../support/daemon.ts";
import { type Directory, openDirectory } from "../support/directory.ts";
import { createKey } from "../support/ssh-key.ts";
import { problemOf } from "../support/http.ts";
import { openUnixUser, type UnixUser } from "../support/unix-user.ts";

const run = promisify(execFile);

// The daemon refuses settings that it does not know, and the test run has variables of its own.
for (const name of Object.keys(process.env)) if (name.startsWith("HOSTRUN_")) delete process.env[name];

let other: UnixUser;
beforeAll(async () => {
  other = await openUnixUser();
});
afterAll(() => other[Symbol.asyncDispose]());

/** Runs a line of shell as the other account, with a place as its `$1` and something of the victim's as its `$2`. */
async function asOther(script: string, path: string, target: string): Promise<void> {
  const { uid, gid } = other;
  // Not the shell's own start files: only what is written here.
  await run("/bin/sh", ["-euc", script, "sh", path, target], { uid, gid, cwd: "/" });
}

interface Planted {
  readonly script: string;
  /** Where the kernel does not let others do this (fs.protected_hardlinks), or what they could write to is the user's. */
  readonly byTheUser?: boolean;
}

/** What another account can put where it may write, or make of what is there. */
const kinds: Readonly<Record<string, Planted>> = {
  "file of another account": { script: 'echo planted > "$1"' },
  "link of another account": { script: 'ln -s "$2" "$1"' },
  "FIFO of another account": { script: 'mkfifo "$1"' },
  "directory of another account": { script: 'mkdir "$1"' },
  "hard link to a file of the user's": { script: 'ln "$2" "$1"', byTheUser: true },
  "file of the user's that a group can write to": { script: '> "$1"; chmod 660 "$1"', byTheUser: true },
};

const names = [
  "daemon.json",
  "daemon.log",
  "daemon.log.1",
  "daemon.lock",
  "daemon.sock",
  "config.json",
  "config.json.new",
  "known_hosts",
  "instance.lock",
  "hostrun.db",
  "hostrun.db-wal",
  "hostrun.db-shm",
  "hostrun.db-output",
];

/** A state directory in which the other account could write for a while, and a file that is nobody else's. */
interface Victim extends Directory {
  readonly state: string;
  readonly target: string;
}

async function openVictim(): Promise<Victim> {
  const directory = await openDirectory({ readable: true });
  const state = directory.join("state");
  const target = directory.join("target");
  await mkdir(state);
  await writeFile(target, "precious\n", { mode: 0o600 });
  return { ...directory, state, target };
}

/** Returns the path of what was planted. */
async function plant({ script, byTheUser }: Planted, victim: Victim, name: string): Promise<string> {
  const path = join(victim.state, name);
  await chmod(victim.state, 0o777);
  if (byTheUser === true) await run("/bin/sh", ["-euc", script, "sh", path, victim.target]);
  else await asOther(script, path, victim.target);
  await chmod(victim.state, 0o700);
  return path;
}

/** What is told of something that is refused because others could have planted it. */
async function refusal(attempt: () => Promise<unknown>): Promise<string> {
  const { code, message } = await problemOf(attempt());
  expect(code).toBe("forbidden");
  return message;
}

async function looks(path: string): Promise<object> {
  const { ino, mode, size, uid, mtimeMs } = await lstat(path);
  return { ino, mode, size, uid, mtimeMs };
}

describe.each(Object.entries(kinds))("a %s in the state directory", (_, planted) => {
  test.each(names)("as %s is refused and left as it is", async (name) => {
    await using victim = await openVictim();
    const path = await plant(planted, victim, name);
    const before = await looks(path);
    expect(await refusal(async () => prepareStateDirectory(victim.state))).toContain(`${path} `);
    expect(await looks(path)).toEqual(before);
    expect(await readFile(victim.target, "utf8")).toBe("precious\n");
  });

  test("starts no daemon, and the client reaches for none", async () => {
    await using victim = await openVictim();
    const path = await plant(planted, victim, "hostrun.db");
    const before = await looks(victim.state);
    await using daemon = spawnDaemon({ home: victim.path, stateDirectory: victim.state });
    const { code, stderr } = await daemon.ended;
    expect(code).toBe(1);
    expect(stderr).toMatch(/^hostrun daemon: .*so Hostrun does not trust it\. .*, then try again\.\n$/);
    expect(stderr).toContain(`${path} `);
    expect(stderr).not.toMatch(/\n\s+at /);
    expect(await looks(victim.state)).toEqual(before);
    expect(await readFile(victim.target, "utf8")).toBe("precious\n");
  });

  test.each(["daemon.json", "daemon.lock", "daemon.log"])("as %s is refused by the client", async (name) => {
    await using victim = await openVictim();
    const path = await plant(planted, victim, name);
    const told = await refusal(() => openDaemon({ stateDirectory: victim.state, daemonScript: builtDaemon }));
    expect(told).toContain(`${path} `);
    expect(await readFile(victim.target, "utf8")).toBe("precious\n");
  });
});

/** A daemon of the other account's, which answers all that a client asks; says where it listens. */
async function impostor(path: string): Promise<AsyncDisposable & { readonly asked: () => number }> {
  const health = { status: "ok", version: "1.2.3", protocol: 1, pid: process.pid };
  const script = `require("node:http").createServer((_, response) => {
    console.log("asked");
    response.end(${JSON.stringify(JSON.stringify(health))});
  }).listen(${JSON.stringify(path)}, () => console.log("ready"));`;
  const { uid, gid } = other;
  const child = spawn(process.execPath, ["-e", script], {
    uid,
    gid,
    cwd: "/",
    stdio: ["ignore", "pipe", "inherit"],
  });
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text;
  });
  await once(child.stdout, "data");
  return {
    asked: () => output.split("asked").length - 1,
    async [Symbol.asyncDispose]() {
      const ended = once(child, "exit");
      child.kill();
      await ended;
    },
  };
}

const discoveryOf = (socket: string): string =>
  JSON.stringify({
    pid: process.pid,
    version: "1.2.3",
    protocol: 1,
    socket,
    url: null,
    token: "t",
    startedAt: "2026-01-01T00:00:00.000Z",
  });

describe("a daemon of another account", () => {
  test.each(["daemon.json and the socket", "the socket alone"])(
    "that put %s there is not asked for anything",
    async (what) => {
      await using victim = await openVictim();
      const socket = join(victim.state, "daemon.sock");
      const discovery = join(victim.state, "daemon.json");
      await chmod(victim.state, 0o777);
      await using daemon = await impostor(socket);
      if (what === "the socket alone") await writeFile(discovery, discoveryOf(socket), { mode: 0o600 });
      else await asOther(`echo '${discoveryOf(socket)}' > "$1"`, discovery, victim.target);
      const path = what === "the socket alone" ? socket : discovery;
      for (const mode of [0o777, 0o700]) {
        await chmod(victim.state, mode);
        for (const options of [{}, { daemonScript: builtDaemon }]) {
          const told = await refusal(() => openDaemon({ stateDirectory: victim.state, ...options }));
          const why =
            mode === 0o777 ? "can be written to by other users" : `${path} belongs to the user with id`;
          expect(told).toContain(why);
        }
      }
      expect(daemon.asked()).toBe(0);
    },
  );
});

describe("on the way to the state directory", () => {
  test("a directory or a link of another account is refused, and nothing made in it", async () => {
    await using victim = await openVictim();
    const parent = victim.join("parent");
    await chmod(victim.path, 0o1777);
    await asOther('mkdir -m 755 "$1" "$1/own"', parent, victim.target);
    await asOther('ln -s "$2" "$1"', victim.join("link"), victim.path);
    for (const name of ["parent/state", "link/state", "link/missing/state"]) {
      const stateDirectory = victim.join(name);
      const why = `belongs to the user with id ${other.uid}, neither to you nor to root`;
      expect(await refusal(() => openDaemon({ stateDirectory, daemonScript: builtDaemon }))).toContain(why);
      await using daemon = spawnDaemon({ home: victim.path, stateDirectory });
      const { code, stderr } = await daemon.ended;
      expect(code).toBe(1);
      expect(stderr).toContain(why);
      await expect(lstat(victim.join("missing"))).rejects.toThrow("ENOENT");
    }
  });

  test("a state directory that stands in for another is refused as well", async () => {
    await using victim = await openVictim();
    await symlink(victim.state, victim.join("link"));
    const told = await refusal(() => openDaemon({ stateDirectory: victim.join("link") }));
    expect(told).toContain("is a symbolic link");
  });

  test("a group that has nobody else in it may write, another may not", async () => {
    const home = other.home;
    const module = new URL("../../state-directory/trusted-directory.ts", import.meta.url).href;
    const look = async (): Promise<string> => {
      const script = `
        const { checkStateDirectory } = await import(${JSON.stringify(module)});
        try { console.log(checkStateDirectory(${JSON.stringify(`${home}/above/state`)})); }
        catch (failure) { console.log(failure.code, failure.message); }`;
      const args = ["--no-warnings", "--input-type=module", "-e", script];
      return (await run(process.execPath, args, { uid: other.uid, gid: other.gid, cwd: "/" })).stdout;
    };
    await asOther('mkdir -p "$1/above/state"; chmod 700 "$1/above/state"; chmod 775 "$1/above"', home, "");
    expect(await look()).toBe("true\n");
    // Group 100, "users", is everybody's.
    await run("chgrp", ["100", `${home}/above`]);
    expect(await look()).toContain(`\`chmod go-w ${home}/above\``);
    await run("chgrp", [String(other.gid), `${home}/above`]);
    await run("gpasswd", ["--add", "nobody", other.name]);
    try {
      expect(await look()).toContain("can be written to by other users");
    } finally {
      await run("gpasswd", ["--delete", "nobody", other.name]);
      await rm(`${home}/above`, { recursive: true });
    }
  });
});

test("what is written is never written through what was planted meanwhile", async () => {
  await using victim = await openVictim();
  await chmod(victim.state, 0o700);
  await using daemon = await openTestDaemon({ home: victim.path, stateDirectory: victim.state });
  for (const name of ["config.json.new", "config.json", "known_hosts"]) {
    await symlink(victim.target, join(victim.state, name));
  }
  const told = await refusal(() => daemon.client.call("updateSettings", { body: { historyDays: 7 } }));
  expect(told).toContain("config.json is a symbolic link");
  const { publicKey } = await createKey(victim.join("key"));
  const body = { address: "10.0.0.1", port: 22, key: publicKey.split(" ")[1] ?? "" };
  expect(await refusal(() => daemon.client.call("addKnownHost", { body }))).toContain(
    "known_hosts is a symbolic",
  );
  expect(await readFile(victim.target, "utf8")).toBe("precious\n");
});
