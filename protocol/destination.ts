/** What a name must be beside its length. */
export type NameRules = readonly { readonly holds: (name: string) => boolean; readonly message: string }[];

export const maxNameLength = 255;
export const maxPort = 65_535;

const control = /[\p{Cc}\p{Cf}\p{Cs}\s]/u;

const plainRules = [
  { holds: (name: string) => !name.startsWith("-"), message: "must not begin with a dash" },
  { holds: (name: string) => !control.test(name), message: "must not hold spaces or control characters" },
];

/**
 * Of a name or an address (ssh.c, valid_hostname): what OpenSSH 9.6 refuses in it, so that it can be expanded into a
 * command line unharmed.
 */
export const hostNameRules: NameRules = [...plainRules, without(/['"`$\\;&<>|(){},]/)];

/** Of a user (ssh.c, valid_ruser): a backslash or a `$` occurs in Windows domains. */
export const userNameRules: NameRules = [
  ...plainRules,
  without(/['"`;&<>|(){}]/),
  { holds: (name) => !name.endsWith("\\"), message: "must not end in a backslash" },
];

function without(meta: RegExp): NameRules[number] {
  return { holds: (name) => !meta.test(name), message: "must not hold shell metacharacters" };
}

const jumpForm = /^(?:(?<user>.+)@)?(?<host>\[[^\]]+\]|[^:@]+)(?::(?<port>\d{1,5}))?$/;
const uriForm =
  /^ssh:\/\/(?:(?<user>[^@;]+)(?:;[^@]*)?@)?(?<host>\[[^\]]+\]|[^:@/[\]%;?#]+)(?::(?<port>\d{1,5})?)?\/?$/;
const ipv6Form = /^(?:(?<user>.+)@)?(?<host>(?<address>[\da-fA-F]*:[\da-fA-F:.]+)(?:%[^@:]+)?)$/;

/**
 * The parts of a destination or a ProxyJump hop, `[user@]host[:port]` or `ssh://[user[;params]@]host[:port][/]`; undefined
 * when it is not one. An IPv6 address needs its brackets only before a port. The last `@` ends the user, of a URI the
 * first; there the parameters are passed over and `%xx` of the user is decoded (misc.c, parse_uri).
 */
export function parseJump(text: string): { user?: string; host: string; port?: number } | undefined {
  const groups = text.startsWith("ssh://") ? splitUri(text) : splitJump(text);
  if (groups === undefined) return undefined;
  const host = (groups["host"] ?? "").replace(/^\[(.*)\]$/, "$1");
  const user = groups["user"];
  const port = groups["port"] === undefined ? undefined : Number(groups["port"]);
  if (!isName(host, hostNameRules) || (user !== undefined && !isName(user, userNameRules))) return undefined;
  if (port !== undefined && !isPort(port)) return undefined;
  return { host, ...(user === undefined ? {} : { user }), ...(port === undefined ? {} : { port }) };
}

function isPort(port: number): boolean {
  return port >= 1 && port <= maxPort;
}

function isName(name: string, rules: NameRules): boolean {
  return name !== "" && name.length <= maxNameLength && rules.every(({ holds }) => holds(name));
}

function splitUri(text: string): Record<string, string | undefined> | undefined {
  const groups = uriForm.exec(text)?.groups;
  const user = groups?.["user"];
  return user === undefined ? groups : { ...groups, user: decoded(user) };
}

/** As misc.c's urldecode, in which a plus sign is a space; empty, and so no name, where it is none. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    return "";
  }
}

function splitJump(text: string): Record<string, string> | undefined {
  const bare = ipv6Form.exec(text)?.groups;
  return bare !== undefined && isAddress(bare["address"]) ? bare : jumpForm.exec(text)?.groups;
}

/** Without brackets; a zone may follow, as in fe80::1%eth0. */
export function isIpv6Address(text: string): boolean {
  const groups = ipv6Form.exec(text)?.groups;
  return groups !== undefined && groups["user"] === undefined && isAddress(groups["address"]);
}

function isAddress(text = ""): boolean {
  return URL.canParse(`http://[${text}]`);
}
