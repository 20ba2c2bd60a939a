import { servicePort } from "./service-ports.ts";

/** The rules for a name apart from its length. */
export type NameRules = readonly { readonly holds: (name: string) => boolean; readonly message: string }[];

export const maxNameLength = 255;
export const maxPort = 65_535;

/** Most names are plain ASCII: V8 builds the Unicode classes only for those that are not. */
function hasControl(name: string): boolean {
  return /[^!-~]/.test(name) && /[\p{Cc}\p{Cf}\p{Cs}\s]/u.test(name);
}

const plainRules = [
  { holds: (name: string) => !name.startsWith("-"), message: "must not begin with a dash" },
  { holds: (name: string) => !hasControl(name), message: "must not contain spaces or control characters" },
];

/**
 * Rules for a host name or address: rejects what OpenSSH 9.6 rejects (ssh.c, valid_hostname), so that it can be
 * expanded into a command line safely.
 */
export const hostNameRules: NameRules = [...plainRules, without(/['"`$\\;&<>|(){},]/)];

/** Rules for a user name (ssh.c, valid_ruser): a backslash or a `$` is allowed, since Windows domains use them. */
export const userNameRules: NameRules = [
  ...plainRules,
  without(/['"`;&<>|(){}]/),
  { holds: (name) => !name.endsWith("\\"), message: "must not end in a backslash" },
];

function without(meta: RegExp): NameRules[number] {
  return { holds: (name) => !meta.test(name), message: "must not contain shell metacharacters" };
}

const jumpForm = /^(?:(?<user>.+)@)?(?<host>\[[^\]]+\]|[^:@]+)(?::(?<port>\d{1,5}))?$/;
const uriForm =
  /^ssh:\/\/(?:(?<user>[^@;]+)(?:;[^@]*)?@)?(?<host>\[[^\]]+\]|[^:@/[\]%;?#]+)(?::(?<port>[^/@:]*))?(?<path>\/.*)?$/s;
const ipv6Form = /^(?:(?<user>.+)@)?(?<host>(?<address>[\da-fA-F]*:[\da-fA-F:.]+)(?:%[^@:]+)?)$/;

/**
 * Parses a destination or a ProxyJump hop, `[user@]host[:port]` or `ssh://[user[;params]@]host[:port][/]`; returns
 * undefined when it is neither. An IPv6 address needs brackets only before a port. The user ends at the last `@`, or
 * at the first in a URI, whose parameters are ignored and whose user is percent-decoded (misc.c, parse_uri).
 */
export function parseJump(text: string): { user?: string; host: string; port?: number } | undefined {
  const groups = text.startsWith("ssh://") ? splitUri(text) : splitJump(text);
  if (groups === undefined) return undefined;
  const host = (groups["host"] ?? "").replace(/^\[(.*)\]$/, "$1");
  const user = groups["user"];
  const port = groups["port"] === undefined ? undefined : portOf(groups["port"]);
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

export function isUri(text: string): boolean {
  return text.startsWith("ssh://");
}

/**
 * Removes the ignored parameters of an ssh URI, which would make it an invalid name; returns any other text unchanged.
 */
export function withoutParameters(text: string): string {
  return text.replace(/^(ssh:\/\/[^@;]+);[^@]*@/, "$1@");
}

/** Why `parseJump` rejects a text, as a clause that follows it; undefined if it does not. */
export function destinationFault(text: string): string | undefined {
  if (parseJump(text) !== undefined) return undefined;
  return isUri(text) ? uriFault(text) : plainFault(text);
}

const plainForm = /^(?:(?<user>.*)@)?(?<host>\[[^\]]*\]|[^:@]*)(?::(?<port>.*))?$/s;

function plainFault(text: string): string {
  const { user, host = "", port } = plainForm.exec(text)?.groups ?? {};
  const name = host.replace(/^\[(.*)\]$/s, "$1");
  if (name === "") return "must name a host";
  if (user === "") return "must have a user before the @";
  const fault = port === undefined ? undefined : portFault(port);
  if (fault !== undefined) return fault;
  const why = user === undefined ? undefined : brokenRule(user, userNameRules);
  if (why !== undefined) return `has a user that ${why}`;
  const broken = brokenRule(name, hostNameRules);
  return broken === undefined ? "must be [user@]host[:port]" : `has a host that ${broken}`;
}

function portFault(port: string): string | undefined {
  if (port.includes(":")) return "must be [user@]host[:port], an IPv6 address in brackets if a port follows";
  return /^\d{1,5}$/.test(port) && isPort(Number(port)) ? undefined : `must have a port from 1 to ${maxPort}`;
}

function uriFault(text: string): string {
  const groups = uriForm.exec(text)?.groups;
  if (groups === undefined) return "must be ssh://[user@]host[:port]";
  const { user, host = "", port = "", path = "/" } = groups;
  if (path !== "/") return "must not have a path behind the host";
  if (port !== "" && !isPort(portOf(port)))
    return `must have a port from 1 to ${maxPort}, or the name of a service`;
  return userFault(user) ?? `has a host that ${brokenRule(host, hostNameRules)}`;
}

function userFault(user: string | undefined): string | undefined {
  if (user === undefined) return undefined;
  if (user.includes(":")) return "must not contain a password: Hostrun asks for it when it is needed";
  const name = decoded(user);
  if (name === "") return "must have %XX for a character of the user alone";
  const why = brokenRule(name, userNameRules);
  return why === undefined ? undefined : `has a user that ${why}`;
}

function brokenRule(name: string, rules: NameRules): string | undefined {
  return rules.find(({ holds }) => !holds(name))?.message;
}

/** A port number, or the port of a named service; NaN when it is neither. */
function portOf(text: string): number {
  return /^\d{1,5}$/.test(text) ? Number(text) : (servicePort(text) ?? NaN);
}

function splitUri(text: string): Record<string, string | undefined> | undefined {
  const groups = uriForm.exec(text)?.groups;
  if (groups === undefined || !["/", undefined].includes(groups["path"])) return undefined;
  const { user, host, port } = groups;
  // ssh would treat the password as part of the name (RFC 3986, section 3.2.1); a literal colon is written %3A.
  if (user?.includes(":") === true) return undefined;
  // Like ssh, treats an empty port as none.
  return { host, user: user === undefined ? undefined : decoded(user), port: port === "" ? undefined : port };
}

/** Removes what may be a password from an ssh URI, for messages. */
export function withoutPassword(text: string): string {
  return isUri(text) ? text.replace(/^(ssh:\/\/[^@:]*):[^@]*@/s, "$1:…@") : text;
}

/**
 * Decodes as misc.c's urldecode does, in which a plus sign is a space; returns an empty string, which is not a valid
 * name, on a bad escape.
 */
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

/** Whether it is an IPv6 address without brackets; a zone may follow, as in fe80::1%eth0. */
export function isIpv6Address(text: string): boolean {
  const groups = ipv6Form.exec(text)?.groups;
  return groups !== undefined && groups["user"] === undefined && isAddress(groups["address"]);
}

function isAddress(text = ""): boolean {
  return URL.canParse(`http://[${text}]`);
}
