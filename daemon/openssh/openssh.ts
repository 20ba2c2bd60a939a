import { rmSync } from "node:fs";
import { join } from "node:path";
import type { LoginOptions } from "../ssh/connect/connection.ts";
import type { SshConnection } from "../ssh/connect/ssh-connection.ts";
import { type ClientSettings, clientArguments } from "./arguments.ts";
import { ClientProcess } from "./client-process.ts";
import { loginByClient } from "./login.ts";
import { notOnWindows } from "./login-failure.ts";
import { openSocketDirectory, type SocketDirectoryOptions } from "./socket-directory.ts";

export interface OpenSshOptions
  extends SocketDirectoryOptions,
    Pick<ClientSettings, "home" | "ownKnownHosts"> {}

/** Logs in by the system's `ssh`. Disposing ends every process of it. */
export interface OpenSsh extends AsyncDisposable {
  readonly login: (options: LoginOptions, signal: AbortSignal) => Promise<SshConnection>;
}

/** Variables that an `ssh` may need; nothing else of ours is its business. */
const passedOn = /^(?:PATH|HOME|USER|LOGNAME|LANG|LC_ALL|TZ|KRB5\w*|SSH_SK_\w+|SSH_PKCS11_HELPER)$/;

export function openOpenSsh(options: OpenSshOptions): OpenSsh {
  const running = new Set<ClientProcess>();
  let directory: ReturnType<typeof openSocketDirectory> | undefined;
  let count = 0;
  const base = Object.entries(options.environment).filter(([name]) => passedOn.test(name));
  return {
    login: async (login, signal) => {
      signal.throwIfAborted();
      if (options.uid === undefined) throw notOnWindows(login.hop);
      directory ??= openSocketDirectory(options);
      count += 1;
      const control = join(directory.path, `c${count}`);
      const log = join(directory.path, `log${count}`);
      const accepted = join(directory.path, `known${count}`);
      const { agentSocket } = login.credentials;
      const variables = {
        ...Object.fromEntries(base),
        ...(agentSocket === null ? {} : { SSH_AUTH_SOCK: agentSocket }),
      };
      const client = new ClientProcess({
        arguments: clientArguments(login.hop, { ...options, ...login }, { control, log, accepted }),
        environment: Object.fromEntries(
          Object.entries(variables).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
        ),
        log,
      });
      running.add(client);
      void client.ended.finally(() => {
        running.delete(client);
        for (const path of [control, accepted]) rmSync(path, { force: true });
      });
      return loginByClient({ ...login, client, control, accepted }, signal);
    },
    async [Symbol.asyncDispose]() {
      for (const client of running) client.end();
      await Promise.all([...running].map((client) => client.ended));
      directory?.[Symbol.dispose]();
    },
  };
}
