import { rmSync } from "node:fs";
import { join } from "node:path";
import {
  openPrivateDirectory,
  type PrivateDirectory,
  type PrivateDirectoryOptions,
} from "../core/private-directory.ts";
import type { LoginOptions } from "../ssh/connect/login-options.ts";
import type { SshConnection } from "../ssh/connect/ssh-connection.ts";
import { type ClientSettings, clientArguments } from "./arguments.ts";
import { type AskpassPrompt, openAskpass } from "./askpass.ts";
import { ClientProcess } from "./client-process.ts";
import { ClientQuestions } from "./client-questions.ts";
import { KnownHostsLinks } from "./known-hosts-links.ts";
import { loginByClient } from "./login.ts";
import { notOnWindows } from "./login-failure.ts";

export interface OpenSshOptions
  extends Omit<PrivateDirectoryOptions, "purpose" | "maxBytes">,
    Pick<ClientSettings, "home" | "ownKnownHosts"> {
  /** The path of Node or Electron, which forwards the prompts of `ssh` to this process. */
  readonly runtime: string;
}

/** Logs in with the system's `ssh`. Disposing ends all of its processes. */
export interface OpenSsh extends AsyncDisposable {
  readonly login: (options: LoginOptions, signal: AbortSignal) => Promise<SshConnection>;
}

/**
 * A Unix socket's path is limited to 104 bytes on macOS; ssh temporarily appends 17 when it creates one, and our names
 * are short.
 */
const maxDirectoryBytes = 104 - 1 - 17 - "/c1234567".length;

/** Variables that an `ssh` may need; it gets no others of ours. */
const passedOn =
  /^(?:PATH|HOME|USER|LOGNAME|LANG|LC_ALL|TZ|KRB5\w*|SSH_SK_\w+|SSH_PKCS11_HELPER|SOFTHSM2_CONF|OPENSC_\w+|YKCS11_\w+|P11_KIT_\w+)$/;

export function openOpenSsh(options: OpenSshOptions): OpenSsh {
  const running = new Set<ClientProcess>();
  let directory: PrivateDirectory | undefined;
  let count = 0;
  const base = Object.fromEntries(
    Object.entries(options.environment).flatMap(([name, value]) =>
      passedOn.test(name) && value !== undefined ? [[name, value]] : [],
    ),
  );
  return {
    login: async (login, signal) => {
      signal.throwIfAborted();
      if (options.uid === undefined) throw notOnWindows(login.hop);
      directory ??= openPrivateDirectory({ ...options, purpose: "", maxBytes: maxDirectoryBytes });
      count += 1;
      const place = (name: string): string => join(directory?.path ?? "", `${name}${count}`);
      const paths = { control: place("c"), log: place("log"), accepted: place("known") };
      using stack = new DisposableStack();
      const links = stack.use(new KnownHostsLinks(place("k")));
      const knownHosts = (path: string): string => links.add(path);
      const declined = new AbortController();
      const questions = new ClientQuestions(login, (problem) => declined.abort(problem));
      const answer = (prompt: AskpassPrompt): Promise<string | undefined> => questions.answer(prompt);
      const asks = questions.canAnswer;
      // Even when prompts are not answered: it reports a key that waits to be touched.
      const askpass = { program: place("p"), socket: place("a"), runtime: options.runtime, answer };
      const asking = stack.use(openAskpass(askpass)).environment;
      const { agentSocket } = login.credentials;
      const agent = agentSocket === null ? {} : { SSH_AUTH_SOCK: agentSocket };
      const ssh = new ClientProcess({
        arguments: clientArguments(login.hop, { ...options, ...login }, { ...paths, asks, knownHosts }),
        environment: { ...base, ...agent, ...asking },
        log: paths.log,
      });
      running.add(ssh);
      const { control, accepted } = paths;
      void ssh.ended.finally(() => {
        running.delete(ssh);
        for (const path of [control, accepted]) rmSync(path, { force: true });
      });
      stack.defer(() => questions.settle(false));
      const over = AbortSignal.any([signal, declined.signal]);
      const advice = (): string => questions.advice;
      const connection = await loginByClient({ ...login, ssh, control, accepted, advice }, over);
      questions.settle(true);
      return connection;
    },
    async [Symbol.asyncDispose]() {
      for (const ssh of running) ssh.end();
      await Promise.all([...running].map((ssh) => ssh.ended));
      directory?.[Symbol.dispose]();
    },
  };
}
