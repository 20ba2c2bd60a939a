import { mkdir, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { userInfo } from "node:os";
import { systemClock } from "../../daemon/core/clock.ts";
import { HostLookup } from "../../daemon/hosts/host-lookup.ts";
import type { HostOverlay } from "../../daemon/hosts/host-overlay.ts";
import type { StoredHost } from "../../daemon/hosts/host-store.ts";
import { ConfigCopies } from "../../daemon/hosts/openssh/config-copies.ts";
import { ConfigFiles } from "../../daemon/hosts/openssh/config-files.ts";
import { EffectiveHosts } from "../../daemon/hosts/openssh/effective-hosts.ts";
import { SshProgram } from "../../daemon/hosts/openssh/ssh-program.ts";
import type { UserFiles } from "../../daemon/core/user-files.ts";
import type { Problem } from "../../protocol/problem.ts";
import { defaultSettings, type Settings } from "../../protocol/settings.ts";
import { openDirectory } from "./directory.ts";
import { openTestFiles } from "./user-files.ts";

export interface LookupOptions {
  readonly stored?: readonly StoredHost[];
  /** What was set of hosts of the configuration, by their names. */
  readonly overlays?: Readonly<Record<string, HostOverlay>>;
  /** By their paths below the home directory; the configuration is .ssh/config. */
  readonly files?: Readonly<Record<string, string>>;
  readonly settings?: Partial<Settings>;
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** The name of the folder above the copies of configurations, which stands for the state directory. */
  readonly stateDirectory?: string;
  /** What this machine finds an address for. */
  readonly resolvable?: readonly string[];
}

/** Of all homes of a test file, since it takes a process to start, which ends with this one. */
let sharedFiles: UserFiles | undefined;

/** Hosts of a home directory that is not the account's, by the real `ssh`. */
export interface TestLookup extends AsyncDisposable {
  readonly home: string;
  readonly lookup: HostLookup;
  readonly hosts: EffectiveHosts;
  /** Why saved hosts were reached without the configuration. */
  readonly ignored: readonly Problem[];
  write(name: string, text: string): Promise<void>;
}

export async function openLookup(options: LookupOptions = {}): Promise<TestLookup> {
  await using stack = new AsyncDisposableStack();
  const directory = stack.use(await openDirectory());
  const files = (sharedFiles ??= openTestFiles());
  const home = directory.join("home");
  const write = async (name: string, text: string): Promise<void> => {
    await mkdir(dirname(`${home}/${name}`), { recursive: true });
    await writeFile(`${home}/${name}`, text);
  };
  await mkdir(`${home}/.ssh`, { recursive: true });
  for (const [name, text] of Object.entries(options.files ?? {})) await write(name, text);
  const environment = options.environment ?? { PATH: process.env["PATH"], HOME: home };
  const settings = (): Settings => ({ ...defaultSettings, ...options.settings });
  const endGroup = (pid: number): void => {
    process.kill(-pid, "SIGKILL");
  };
  const open = (path: string): EffectiveHosts =>
    new EffectiveHosts({
      ssh: new SshProgram({ environment, endGroup }),
      files: new ConfigFiles([path], { files, clock: systemClock, home }),
      copies: new ConfigCopies(
        directory.join(options.stateDirectory ?? "state", `copies-of-${path.replaceAll("/", "-")}`),
      ),
      isNamed: true,
      settings,
      facts: {
        home,
        accountHome: userInfo().homedir,
        environment,
        localUser: userInfo().username,
        localHost: "desk",
        uid: 1000,
      },
    });
  const hosts = open(`${home}/.ssh/config`);
  const ignored: Problem[] = [];
  const lookup = new HostLookup({
    stored: (key) => options.stored?.find(({ id, name }) => id === key || name === key),
    overlay: (name) => options.overlays?.[name],
    configured: (path) => (path === null ? hosts : open(path)),
    settings,
    home,
    localUser: userInfo().username,
    isResolvable: (name) => Promise.resolve(options.resolvable?.includes(name) === true),
    onIgnored: (problem) => ignored.push(problem),
  });
  const owned = stack.move();
  return { home, lookup, hosts, ignored, write, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}
