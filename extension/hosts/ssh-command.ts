import { parseJump } from "../../protocol/destination.ts";
import { HostPatch, type NewHost } from "../../protocol/host.ts";

/** What an ssh command line specifies about its destination. */
type SshCommand = Pick<NewHost, "address" | "port" | "user"> &
  Partial<Pick<NewHost, "identityFile" | "jump">>;

/** Options of ssh(1) that take a value, and those that take none. */
const valued = "BbcDEeFIiJLlmOoPpQRSWw";
const flags = "46AaCfGgKkMNnqsTtVvXxYy";
/** Options that concern the host, with their names for `-o`. */
const named = new Map([
  ["p", "port"],
  ["l", "user"],
  ["i", "identityfile"],
  ["J", "proxyjump"],
]);
/** Options that lead to another host, or to this one in a way that Hostrun does not support. */
const refused = new Set(["F", "O", "Q", "S", "W", "w", "proxycommand", "hostname"]);

/**
 * Parses `ssh [option...] [user@]host [option...]`, as pasted from a terminal or a wiki. Options that only affect ssh
 * itself are ignored. Undefined if it is not such a line, names no host, includes a command, or reaches the host in a
 * way that Hostrun does not support.
 */
export function parseSshCommand(text: string): SshCommand | undefined {
  const [program, ...words] = splitWords(text);
  if (program !== "ssh") return undefined;
  const values = new Map<string, string>();
  const targets: string[] = [];
  for (let word = words.shift(); word !== undefined; word = words.shift()) {
    if (!word.startsWith("-")) targets.push(word);
    else if (!takeOptions(word.slice(1), words, values)) return undefined;
  }
  const [target, ...command] = targets;
  return target === undefined || command.length > 0 ? undefined : hostOf(target, values);
}

/** Parses one word of options, e.g. `tp22`, and its value from the words that follow; false if it is not understood. */
function takeOptions(letters: string, words: string[], values: Map<string, string>): boolean {
  for (const [at, letter] of [...letters].entries()) {
    if (valued.includes(letter)) {
      const value = letters.slice(at + 1) || words.shift();
      return value !== undefined && takeValue(letter, value, values);
    }
    if (!flags.includes(letter)) return false;
  }
  return letters !== "";
}

function takeValue(letter: string, value: string, values: Map<string, string>): boolean {
  const assigned = letter === "o" ? /^\s*(\w+)(?:\s*=\s*|\s+)(.*)$/s.exec(value) : undefined;
  if (assigned === null) return false;
  const name = assigned?.[1]?.toLowerCase() ?? named.get(letter) ?? letter;
  // As in ssh, the first of several values counts.
  if (!values.has(name)) values.set(name, assigned?.[2] ?? value);
  return !refused.has(name);
}

function hostOf(target: string, values: ReadonlyMap<string, string>): SshCommand | undefined {
  const parts = parseJump(target);
  if (parts === undefined) return undefined;
  const port = values.get("port");
  const jump = values.get("proxyjump");
  const fields = HostPatch.safeParse({
    port: port === undefined ? parts.port : Number(port),
    user: values.get("user") ?? parts.user,
    identityFile: values.get("identityfile"),
    jump: jump === "none" ? undefined : jump?.split(","),
  }).data;
  if (fields === undefined) return undefined;
  const { user = null, identityFile, jump: hops } = fields;
  return {
    address: parts.host,
    port: fields.port,
    user,
    ...(identityFile === undefined ? {} : { identityFile }),
    ...(hops === undefined ? {} : { jump: hops }),
  };
}

/** Splits a line into words like a shell, without expansions; empty if a quote is not closed. */
function splitWords(line: string): string[] {
  const word = /(?:'[^']*'|"[^"]*"|[^\s'"])+/y;
  const words: string[] = [];
  const text = line.trim();
  for (let at = 0; at < text.length; at = word.lastIndex) {
    word.lastIndex = at;
    const found = word.exec(text)?.[0];
    if (found === undefined) return [];
    words.push(found.replaceAll(/'([^']*)'|"([^"]*)"/g, "$1$2"));
    word.lastIndex = at + found.length + (/^\s*/.exec(text.slice(at + found.length))?.[0].length ?? 0);
  }
  return words;
}
