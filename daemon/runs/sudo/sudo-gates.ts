import type { Target } from "../../transport/remote.ts";
import { loginOf, type SecretMemory } from "../../transport/secret-memory.ts";
import { SudoGate } from "./sudo-gate.ts";

/** The source of a run's sudo password, open as long as sudo may ask for it. */
export interface SudoAccess {
  /** `host`: the run's host, by the name that the user gave. */
  open(host: string): SudoGateLease;
}
interface SudoGateLease extends Disposable {
  readonly gate: SudoGate;
}

/**
 * Shares password questions between runs that begin at once: those on one login, and those of a job that requests it.
 */
export class SudoGates {
  readonly #memory: SecretMemory;
  readonly #byLogin = new Map<string, { readonly gate: SudoGate; users: number }>();

  constructor(memory: SecretMemory) {
    this.#memory = memory;
  }

  forLogin(target: Target): SudoAccess {
    return {
      // Created on demand, since most runs never ask.
      open: () => {
        const key = loginOf(target);
        const shared = this.#byLogin.get(key) ?? { gate: new SudoGate(this.#memory), users: 0 };
        shared.users += 1;
        this.#byLogin.set(key, shared);
        const leave = (): void => {
          shared.users -= 1;
          if (shared.users === 0) this.#byLogin.delete(key);
        };
        return { gate: shared.gate, [Symbol.dispose]: leave };
      },
    };
  }

  /** One password for all of these hosts, which the question names. */
  forJob(hosts: readonly string[]): SudoAccess {
    const gate = new SudoGate(this.#memory, hosts);
    return { open: (host) => ({ gate, [Symbol.dispose]: () => gate.leave(host) }) };
  }
}
