import { join } from "node:path";
import SSHConfig, { LineType } from "ssh-config";
import { HostName, Jump, Port, UserName } from "../../protocol/host.ts";

/** What an SSH config says of one alias, as far as Hostrun uses it. */
export interface SshConfigHost {
  readonly name: string;
  readonly address: string;
  readonly port: number | undefined;
  readonly user: string | undefined;
  readonly identityFiles: readonly string[];
  readonly identitiesOnly: boolean;
  readonly jump: readonly string[];
  /** A directive without which the host can't be reached and that Hostrun doesn't know. */
  readonly unsupported: "ProxyCommand" | undefined;
}

export interface SshConfig {
  /** The aliases that name one host each, in the file's order; patterns are none. */
  readonly aliases: readonly string[];
  /** What holds for a name, patterns such as `Host *` included. Undefined when that is no valid host. */
  host(alias: string): SshConfigHost | undefined;
}

/** Reads the text of an SSH config. `Match exec` never runs. */
export function parseSshConfig(text: string, home: string): SshConfig {
  // The library would run nslookup for canonical names; those are left to ssh.
  const config = SSHConfig.parse(text.replace(/^\s*canonicalize(hostname|fallbacklocal)\b.*$/gim, ""));
  return {
    aliases: aliasesOf(config),
    host: (alias) => {
      if (!HostName.safeParse(alias).success) return undefined;
      return hostOf(alias, config.compute(alias, { ignoreCase: true, matchExec: false }), home);
    },
  };
}

function aliasesOf(config: SSHConfig): string[] {
  const aliases = new Set<string>();
  for (const line of config) {
    if (line.type !== LineType.DIRECTIVE || line.param.toLowerCase() !== "host") continue;
    const names = Array.isArray(line.value) ? line.value.map(({ val }) => val) : [line.value];
    for (const name of names) {
      if (!/[*?!]/.test(name) && HostName.safeParse(name).success) aliases.add(name);
    }
  }
  return [...aliases];
}

type Computed = Record<string, string | string[]>;

function hostOf(alias: string, options: Computed, home: string): SshConfigHost | undefined {
  const one = (name: string): string | undefined => {
    const value = options[name];
    return Array.isArray(value) ? value[0] : value;
  };
  const address = HostName.safeParse(
    (one("hostname") ?? alias).replaceAll("%h", alias).replaceAll("%%", "%"),
  );
  const user = UserName.safeParse(one("user"));
  const port = Port.safeParse(Number(one("port")));
  if (!address.success || (one("user") !== undefined && !user.success)) return undefined;
  const jump = (one("proxyjump") ?? "none").split(",").filter((hop) => hop.toLowerCase() !== "none");
  if (!jump.every((hop) => Jump.safeParse(hop).success)) return undefined;
  const proxyCommand = one("proxycommand")?.toLowerCase() ?? "none";
  const values = { h: address.data, n: alias, r: user.data ?? "", p: String(port.data ?? 22), d: home };
  const files = [options["identityfile"] ?? []].flat().filter((file) => file.toLowerCase() !== "none");
  return {
    name: alias,
    address: address.data,
    port: port.data,
    user: user.data,
    identityFiles: files.map((file) => expandPath(file, home, values)),
    identitiesOnly: one("identitiesonly")?.toLowerCase() === "yes",
    jump,
    unsupported: proxyCommand === "none" || jump.length > 0 ? undefined : "ProxyCommand",
  };
}

/** Expands `~` and the tokens of ssh_config(5) that a key file's path may hold. */
export function expandPath(path: string, home: string, tokens: Record<string, string> = {}): string {
  const text = path.replace(/%(.)/g, (token, letter: string) =>
    letter === "%" ? "%" : (tokens[letter] ?? token),
  );
  return text === "~" || text.startsWith("~/") ? join(home, text.slice(1)) : text;
}
