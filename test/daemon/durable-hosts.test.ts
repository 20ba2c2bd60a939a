import { afterAll, describe, expect, test } from "vitest";
import { openHostedDaemon, type HostedDaemon } from "../support/hosted-daemon.ts";

/** How a durable command ended, on hosts whose /bin/sh and awk differ: each is this machine with other files in place. */
await using starting = new AsyncDisposableStack();
const host = async (...mounts: string[]): Promise<HostedDaemon> =>
  starting.use(await openHostedDaemon({ sshd: { mounts } }));
const place = (file: string, at: string): string => `mount --bind ${file} $(readlink -f ${at})`;
const noAwk = place("/dev/null", "/usr/bin/awk");

const all = ["HUP", "INT", "KILL", "USR1", "SEGV", "PIPE", "ALRM", "TERM"];
/** No shell says a word of these two. */
const silent: Readonly<Record<string, number>> = { INT: 130, PIPE: 141 };
const hosts = [
  { what: "dash and an awk that knows", daemon: await host(), mute: {} },
  { what: "dash alone", daemon: await host(noAwk), mute: silent },
  {
    what: "busybox, whose awk knows no signals",
    daemon: await host(place("/bin/busybox", "/bin/sh"), place("/bin/busybox", "/usr/bin/awk")),
    mute: silent,
  },
  { what: "bash alone", daemon: await host(place("/bin/bash", "/bin/sh"), noAwk), mute: silent },
];
const owned = starting.move();
afterAll(() => owned.disposeAsync());

describe.each(hosts)("$what", ({ daemon, mute }: { daemon: HostedDaemon; mute: Record<string, number> }) => {
  test.each(all)("an end by %s", async (signal) => {
    const { complete } = await daemon.run(`kill -${signal} $$; exit 3`, { durable: true });
    const code = mute[signal];
    const known = { outcome: "signaled", exitCode: null, signal };
    const open = { outcome: "exited", exitCode: code, signal: null };
    expect(complete).toMatchObject(code === undefined ? known : open);
  });

  test.each([0, 1, 127, 129, 130, 137, 141, 143, 255])("an exit with %i", async (exitCode) => {
    const { complete } = await daemon.run(`echo word >&2; exit ${exitCode}`, { durable: true });
    expect(complete).toMatchObject({ outcome: "exited", exitCode, signal: null });
  });
});
