import { servicePort } from "./service-ports.ts";

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
  /^ssh:\/\/(?:(?<user>[^@;]+)(?:;[^@]*)?@)?(?<host>\[[^\]]+\]|[^:@/[\]%;?#]+)(?::(?<port>[^/@:]*))?(?<path>\/.*)?$/s;
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

/** An ssh URI less what is passed over in it, which could be no name; any other text as it is. */
export function withoutParameters(text: string): string {
  return text.replace(/^(ssh:\/\/[^@;]+);[^@]*@/, "$1@");
}

/** Why an ssh URI is none, as a clause behind what it is called; undefined where it is one. */
export function uriFault(text: string): string | undefined {
  if (parseJump(text) !== undefined) return undefined;
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
  if (user.includes(":")) return "must not hold a password: Hostrun asks for it when it is needed";
  const name = decoded(user);
  if (name === "") return "must have %XX for a character of the user alone";
  const why = brokenRule(name, userNameRules);
  return why === undefined ? undefined : `has a user that ${why}`;
}

function brokenRule(name: string, rules: NameRules): string | undefined {
  return rules.find(({ holds }) => !holds(name))?.message;
}

/** A number, or the name of a service. NaN: it is none. */
function portOf(text: string): number {
  return /^\d{1,5}$/.test(text) ? Number(text) : (servicePort(text) ?? NaN);
}

function splitUri(text: string): Record<string, string | undefined> | undefined {
  const groups = uriForm.exec(text)?.groups;
  if (groups === undefined || !["/", undefined].includes(groups["path"])) return undefined;
  const { user, host, port } = groups;
  // ssh would take the password as a part of the name (RFC 3986, section 3.2.1); a colon that is one is %3A.
  if (user?.includes(":") === true) return undefined;
  // As to ssh, nothing behind the colon is no port.
  return { host, user: user === undefined ? undefined : decoded(user), port: port === "" ? undefined : port };
}

/** For messages: what may be a password in an ssh URI is left out. */
export function withoutPassword(text: string): string {
  return isUri(text) ? text.replace(/^(ssh:\/\/[^@:]*):[^@]*@/s, "$1:…@") : text;
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
