import { LRUCache } from "lru-cache";
import type { ParsedKey } from "ssh2";
import { SharedQuery } from "../../core/shared-query.ts";
import type { UserFiles } from "../../core/user-files.ts";
import { type AgentKey, listAgentKeys, signByAgent } from "./agent-client.ts";
import { AgentError, AgentTimeout, isSocketPath } from "./agent-exchange.ts";
import type { SignRequest } from "./one-key-agent.ts";

/** What an agent holds now. */
export interface AgentContents {
  readonly keys: readonly AgentKey[];
  /** Why the agent could not be queried, as a clause that can follow a colon. */
  readonly failure: string | undefined;
}

/** How long a run waits for an agent that timed out the last time. */
const silentTimeoutMs = 200;
const maxAgents = 64;

/** How long a socket's path is assumed not to hang after it was checked. */
const trustedMs = 1000;

/**
 * The agents that callers name. Each is queried again for every run, since keys may have been removed; simultaneous runs
 * share a query.
 */
export class Agents {
  readonly #files: UserFiles;
  readonly #agents = new LRUCache<string, Agent>({ max: maxAgents });

  constructor(files: UserFiles) {
    this.#files = files;
  }

  /** `socket` is a value of SSH_AUTH_SOCK. */
  at(socket: string): Agent {
    const agent = this.#agents.get(socket) ?? new Agent(socket, this.#files);
    this.#agents.set(socket, agent);
    return agent;
  }
}

class Agent {
  readonly #socket: string;
  readonly #files: UserFiles;
  readonly #query = new SharedQuery(() => this.#list());
  #silent = false;
  #lookedAt = -Infinity;

  constructor(socket: string, files: UserFiles) {
    this.#socket = socket;
    this.#files = files;
  }

  /** Never rejects. An agent that timed out is still queried: once it responds, it is waited for in full again. */
  contents(): Promise<AgentContents> {
    const answer = this.#query.ask();
    if (!this.#silent) return answer;
    const late = Promise.withResolvers<AgentContents>();
    const silence = { keys: [], failure: "the agent does not answer" };
    const timer = setTimeout(late.resolve, silentTimeoutMs, silence);
    return Promise.race([answer.finally(() => clearTimeout(timer)), late.promise]);
  }

  /** See `signByAgent`. */
  async sign(key: ParsedKey, request: SignRequest, signal: AbortSignal): Promise<Buffer> {
    await this.#look();
    return signByAgent(this.#socket, key, request, signal);
  }

  async #list(): Promise<AgentContents> {
    try {
      await this.#look();
      const keys = await listAgentKeys(this.#socket);
      this.#silent = false;
      return { keys, failure: undefined };
    } catch (failure) {
      this.#silent = failure instanceof AgentTimeout;
      return { keys: [], failure: failure instanceof Error ? failure.message : String(failure) };
    }
  }

  /** Connecting to a socket happens on the event loop, which would block if the path's file system hangs. */
  async #look(): Promise<void> {
    if (!isSocketPath(this.#socket) || performance.now() - this.#lookedAt < trustedMs) return;
    const kind = await this.#files.kind(this.#socket);
    if (kind === "missing") throw new AgentError("there is nothing at its path");
    if (kind === "unknown") throw new AgentTimeout("its path cannot be looked at");
    if (kind !== "socket") throw new AgentError("its path is not a socket");
    this.#lookedAt = performance.now();
  }
}
