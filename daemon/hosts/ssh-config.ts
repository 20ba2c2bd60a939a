import { join } from "node:path";
import * as z from "zod";
import { LineType, parse, type SSHConfig } from "ssh-config";
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

const Parsed = z.object({
  address: HostName,
  port: z.coerce.number().pipe(Port).optional(),
  user: UserName.optional(),
  jump: z.array(Jump),
});

/** Reads the text of an SSH config. `Match exec` never runs. */
export function parseSshConfig(text: string, home: string): SshConfig {
  // The library would run nslookup for canonical names; those are left to ssh.
  const config = parse(text.replace(/^\s*canonicalize(hostname|fallbacklocal)\b.*$/gim, ""));
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

/** Undefined when a value could not be used as it stands: such a host is not offered at all. */
function hostOf(alias: string, options: Computed, home: string): SshConfigHost | undefined {
  const one = (name: string): string | undefined => [options[name] ?? []].flat()[0];
  const many = (values: string[]): string[] => values.filter((value) => value.toLowerCase() !== "none");
  const hostName = (one("hostname") ?? alias).replaceAll("%h", alias).replaceAll("%%", "%");
  const parsed = Parsed.safeParse({
    address: hostName,
    port: one("port"),
    user: one("user"),
    jump: many((one("proxyjump") ?? "none").split(",")),
  });
  if (!parsed.success) return undefined;
  const { address, port, user, jump } = parsed.data;
  const tokens = { h: address, n: alias, r: user ?? "", p: String(port ?? 22), d: home };
  const files = many([options["identityfile"] ?? []].flat());
  const commands = many([options["proxycommand"] ?? []].flat());
  return {
    name: alias,
    address,
    port,
    user,
    identityFiles: files.map((file) => expandPath(file, home, tokens)),
    identitiesOnly: one("identitiesonly")?.toLowerCase() === "yes",
    jump,
    unsupported: commands.length > 0 && jump.length === 0 ? "ProxyCommand" : undefined,
  };
}

/** Expands `~` and the tokens of ssh_config(5) that a key file's path may hold. */
export function expandPath(path: string, home: string, tokens: Record<string, string> = {}): string {
  const text = path.replace(/%(.)/g, (token, letter: string) =>
    letter === "%" ? "%" : (tokens[letter] ?? token),
  );
  return text === "~" || text.startsWith("~/") ? join(home, text.slice(1)) : text;
}
