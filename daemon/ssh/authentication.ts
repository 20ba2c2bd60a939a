import { join } from "node:path";
import type { AgentAuthMethod, NoAuthMethod, ParsedKey } from "ssh2";
import { Problem, type ProblemCode } from "../../protocol/problem.ts";
import { visibleLine } from "../../protocol/visible.ts";
import type { UserFiles } from "../core/user-files.ts";
import type { Hop } from "../runs/remote.ts";
import { type AgentKey, listAgentKeys, OneKeyAgent, signByAgent, signByFile } from "./agent.ts";
import { membersOf, nameOf } from "./failure.ts";
import { fingerprintOf } from "./host-key.ts";
import { type IdentityFile, readIdentityFile } from "./identity-file.ts";

/** Where keys may be found. */
export interface KeySources {
  /** The user's home directory, for OpenSSH's default key files. */
  readonly home: string;
  /** SSH_AUTH_SOCK; null: no agent. */
  readonly agentSocket: string | null;
  readonly files: UserFiles;
}

/** The keys to try on a hop, in order, and what is to be said when none of them is taken. */
export interface Credentials {
  readonly attempts: readonly (Attempt | "none")[];
  /** What was wrong with configured key files. */
  readonly fault: "identity_file_missing" | "identity_file_unreadable" | undefined;
  /** Whole sentences. */
  readonly notes: readonly string[];
}

export interface Attempt {
  /** As a person knows the key. */
  readonly label: string;
  readonly method: AgentAuthMethod;
}

/** A server that lets us try for ever would keep a run waiting for ever. */
const maxAttempts = 32;
/** A message may name all of them. */
const maxCommentLength = 64;
const defaultFiles = ["id_ed25519", "id_ecdsa", "id_rsa"];

/**
 * The order is OpenSSH's (sshconnect2.c, pubkey_prepare): the agent's keys that also stand in a file, the
 * agent's other keys, unless only the configured ones may be used, then files that can be read.
 */
export async function gatherCredentials(hop: Hop, sources: KeySources): Promise<Credentials> {
  const { home, agentSocket, files: userFiles } = sources;
  const configured = hop.identityFiles.length > 0;
  const paths = configured ? hop.identityFiles : defaultFiles.map((name) => join(home, ".ssh", name));
  const [files, agent] = await Promise.all([
    Promise.all(paths.map((path) => readIdentityFile(path, userFiles))),
    agentSocket === null ? [] : listKeys(agentSocket, userFiles),
  ]);
  const inAgent = (file: IdentityFile): AgentKey | undefined => agent?.find(({ key }) => sameKey(file, key));
  const matched = files.flatMap((file) => inAgent(file) ?? []);
  const others = hop.identitiesOnly ? [] : (agent ?? []).filter((held) => !matched.includes(held));
  const attempts = [
    ...[...matched, ...others].map((held) => agentAttempt(hop, agentSocket ?? "", held)),
    ...files.flatMap((file) =>
      file.kind === "key" && inAgent(file) === undefined ? [fileAttempt(hop, file.path, file.key)] : [],
    ),
  ].slice(0, maxAttempts);
  const useless = files.filter((file) => file.kind !== "key" && inAgent(file) === undefined);
  return {
    attempts: attempts.length > 0 ? attempts : ["none"],
    fault: configured ? faultOf(useless) : undefined,
    notes: [
      ...useless.flatMap((file) => (file.kind === "missing" && !configured ? [] : [noteOn(file)])),
      ...(agent === undefined ? [`The SSH agent at ${visibleLine(agentSocket ?? "")} does not answer.`] : []),
      ...(agentSocket === null ? ["No SSH agent is set (SSH_AUTH_SOCK)."] : []),
    ],
  };
}

/** Undefined where no agent answers. Connecting to a path on a file system that hangs would stop the whole process. */
async function listKeys(socket: string, files: UserFiles): Promise<AgentKey[] | undefined> {
  const kind = socket.startsWith("\\\\") ? "pipe" : await files.kind(socket);
  if (kind !== "socket" && kind !== "pipe") return undefined;
  return listAgentKeys(socket).catch(() => undefined);
}

/** Hands out one attempt after the other and remembers them for the report. */
export class Authentication {
  readonly #hop: Hop;
  readonly #credentials: Promise<Credentials>;
  readonly #tried: string[] = [];
  #next = 0;
  #offered: readonly string[] = [];

  constructor(hop: Hop, credentials: Promise<Credentials>) {
    this.#hop = hop;
    this.#credentials = credentials;
  }

  /** undefined: nothing is left to try. */
  async next(): Promise<AgentAuthMethod | NoAuthMethod | undefined> {
    const { attempts } = await this.#credentials;
    const attempt = attempts[this.#next];
    this.#next += 1;
    if (attempt === undefined) return undefined;
    if (attempt === "none") return { type: "none", username: this.#hop.user };
    this.#tried.push(attempt.label);
    return attempt.method;
  }

  /** What the server would still take. */
  offered(methods: readonly string[]): void {
    this.#offered = methods;
  }

  /** `said`: why the server ended the connection, where it did. */
  async failure(said: string | undefined): Promise<Problem> {
    const { fault, notes } = await this.#credentials;
    const code: ProblemCode = fault ?? "authentication_failed";
    return new Problem(code, [this.#refusal(said), ...notes, ...this.#advice()].join(" "), {
      ...membersOf(this.#hop),
      ...(said === undefined ? {} : { reason: "too_many_attempts" }),
    });
  }

  #refusal(said: string | undefined): string {
    const name = nameOf(this.#hop);
    if (said !== undefined) {
      return (
        `${name} ended the login after ${this.#tried.length} keys (“${said}”): ${this.#tried.join(", ")}. ` +
        "It may take fewer attempts than you have keys (MaxAuthTries): set the host's key file, so that its key is tried first."
      );
    }
    return this.#tried.length === 0
      ? `${name} could not be logged in to: there is no key to try.`
      : `${name} refused every key that was tried: ${this.#tried.join(", ")}.`;
  }

  #advice(): string[] {
    const asked = this.#offered.filter(
      (method) => method === "password" || method === "keyboard-interactive",
    );
    return [
      ...(asked.length > 0
        ? [
            `The server would also take ${asked.join(" or ")}, which this version of Hostrun does not ask for.`,
          ]
        : []),
      ...(this.#offered.length > 0 && !this.#offered.includes("publickey")
        ? ["The server takes no keys at all."]
        : ["Check the user name, and that the key stands in the server's authorized_keys."]),
    ];
  }
}

function sameKey(file: IdentityFile, key: ParsedKey): boolean {
  if (file.kind === "unreadable") return false;
  const publicKey = file.kind === "key" ? file.key.getPublicSSH() : file.publicKey;
  return publicKey?.equals(key.getPublicSSH()) === true;
}

function agentAttempt(hop: Hop, socket: string, { key, comment }: AgentKey): Attempt {
  const called = comment === "" ? "" : `${visibleLine(comment, maxCommentLength)} `;
  const label = `the agent's key ${called}(${fingerprintOf(key.getPublicSSH())})`;
  const agent = new OneKeyAgent(key, signByAgent(socket, key));
  return { label, method: { type: "agent", username: hop.user, agent } };
}

function fileAttempt(hop: Hop, path: string, key: ParsedKey): Attempt {
  const agent = new OneKeyAgent(key, signByFile(key));
  return { label: visibleLine(path), method: { type: "agent", username: hop.user, agent } };
}

function faultOf(files: readonly IdentityFile[]): Credentials["fault"] {
  if (files.some(({ kind }) => kind === "missing")) return "identity_file_missing";
  return files.some(({ kind }) => kind === "unreadable" || kind === "public")
    ? "identity_file_unreadable"
    : undefined;
}

function noteOn(file: IdentityFile): string {
  const path = visibleLine(file.path);
  switch (file.kind) {
    case "missing":
      return `The key file ${path} does not exist.`;
    case "unreadable":
      return `The key file ${path} cannot be used: ${file.why}.`;
    case "public":
      return `${path} holds only the public key, and the SSH agent does not have the private one.`;
    case "encrypted":
      return (
        `The key file ${path} is encrypted, and Hostrun does not ask for passphrases yet: ` +
        `add the key to your SSH agent with “ssh-add ${path}”.`
      );
    case "key":
      return "";
  }
}
