import type { Target } from "../../transport/remote.ts";
import { loginOf, type SecretMemory } from "../../transport/secret-memory.ts";
import { SudoGate } from "./sudo-gate.ts";

/** Where a run has its password for sudo from, for as long as sudo may ask for it. */
export interface SudoAccess {
  /** `host`: of the run, as the person calls it. */
  open(host: string): SudoGateLease;
}
interface SudoGateLease extends Disposable {
  readonly gate: SudoGate;
}

/** The passwords of runs that begin at once share a question: those on a login, and those of a job that says so. */
export class SudoGates {
  readonly #memory: SecretMemory;
  readonly #byLogin = new Map<string, { readonly gate: SudoGate; users: number }>();

  constructor(memory: SecretMemory) {
    this.#memory = memory;
  }

  forLogin(target: Target): SudoAccess {
    return {
      // Most runs never ask.
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

  /** For all of these hosts, whose names the question has. */
  forJob(hosts: readonly string[]): SudoAccess {
    const gate = new SudoGate(this.#memory, hosts);
    return { open: (host) => ({ gate, [Symbol.dispose]: () => gate.leave(host) }) };
  }
}
