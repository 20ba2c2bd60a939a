import type { ExecRequest, RemoteProcess } from "../transport/remote.ts";
import { textOfTarget } from "../transport/target-text.ts";
import type { SessionRequest } from "./timed-session.ts";
import type { WorkerLogin } from "./worker-login.ts";

const maxLogins = 1000;

/** The logins whose shells were seen to start slowly. */
export class WorkerLogins implements Iterable<WorkerLogin> {
  readonly #logins = new Map<string, WorkerLogin>();

  /** Identifies the login; it includes the session's variables, which its worker and so its commands inherit. */
  static keyOf({ target, request }: Pick<SessionRequest, "target" | "request">): string {
    return `${JSON.stringify([request.agentSocket, variablesOf(request)])} ${textOfTarget(target)}`;
  }

  get(key: string): WorkerLogin | undefined {
    return this.#logins.get(key);
  }

  [Symbol.iterator](): Iterator<WorkerLogin> {
    return this.#logins.values();
  }

  /** Its shell started quickly once. */
  quick(key: string): void {
    const login = this.#logins.get(key);
    if (login !== undefined) login.slow = 0;
  }

  /** Its shell started slowly once more. */
  slow(key: string, session: SessionRequest, { identity }: RemoteProcess): WorkerLogin {
    const login = this.#logins.get(key) ?? loginOf(session, identity);
    login.slow += 1;
    if (login.workers.size === 0) login.identity = identity;
    this.#remember(key, login);
    return login;
  }

  /** The least recently used login is removed first. */
  #remember(key: string, login: WorkerLogin): void {
    this.#logins.delete(key);
    this.#logins.set(key, login);
    for (const [oldest, { workers, state }] of this.#logins) {
      if (this.#logins.size <= maxLogins) break;
      if (workers.size === 0 && state !== "starting") this.#logins.delete(oldest);
    }
  }
}

function loginOf({ target, request }: SessionRequest, identity: string): WorkerLogin {
  const { connectTimeoutMs, agentSocket } = request;
  const variables = variablesOf(request);
  return {
    target,
    options: { connectTimeoutMs, agentSocket, env: () => variables },
    identity,
    slow: 0,
    shell: undefined,
    state: "open",
    late: 0,
    refusals: 0,
    openAt: 0,
    workers: new Set(),
  };
}

function variablesOf({ env }: ExecRequest): Readonly<Record<string, string>> {
  return env?.("bourne") ?? {};
}
