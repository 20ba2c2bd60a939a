import { type TestDaemon, openTestDaemon } from "./daemon.ts";
import type { Directory } from "./directory.ts";
import { durableFilesOf } from "./durable.ts";
import { hostOf, knowHosts } from "./hosted-daemon.ts";
import { createKey } from "./ssh-key.ts";
import { openSshd, type Sshd } from "./sshd.ts";

/** The host "web1", which can be away, and the daemons of one state directory that know it. */
export interface LeavingHost extends AsyncDisposable {
  /** The first daemon. */
  readonly daemon: TestDaemon;
  /** Starts the next one. */
  readonly open: () => Promise<TestDaemon>;
  readonly leave: () => PromiseLike<void>;
  /** With the same port and keys. */
  readonly comeBack: () => Promise<Sshd>;
  /** What durable runs have left on the host. */
  readonly files: () => Promise<string[]>;
}

export async function openLeavingHost(directory: Directory, stateDirectory: string): Promise<LeavingHost> {
  await using stack = new AsyncDisposableStack();
  const home = directory.join("home");
  const hostKeys = [await createKey(directory.join("host"))];
  const clientKey = await createKey(directory.join("client"));
  const authorizedKeys = [clientKey.publicKey];
  const host = stack.use(await openSshd({ hostKeys, authorizedKeys }));
  await knowHosts(home, host.knownHosts);
  const daemons = stack.use(new AsyncDisposableStack());
  const open = async () => daemons.use(await openTestDaemon({ home, stateDirectory }));
  const daemon = await open();
  await daemon.client.call("createHost", { body: hostOf({ ...host, clientKey }) });
  const { port, user } = host;
  const owned = stack.move();
  return {
    daemon,
    open,
    leave: () => host[Symbol.asyncDispose](),
    comeBack: async () => owned.use(await openSshd({ port, hostKeys, authorizedKeys })),
    files: () => durableFilesOf(user),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
