import type { Key, KeyInstallation, NewKey } from "../../protocol/key.ts";
import { Problem } from "../../protocol/problem.ts";
import { visibleLine } from "../../protocol/visible.ts";
import type { ConnectOptions, Remote, Target } from "../transport/remote.ts";
import { type IdentitiesOptions, listIdentities } from "./identities.ts";
import { installKey } from "./install-key.ts";
import { makeKey, type MakeKeyOptions } from "./make-key.ts";

export interface KeysOptions extends IdentitiesOptions, Pick<MakeKeyOptions, "environment"> {
  readonly remote: Pick<Remote, "exec">;
  /** The daemon's own SSH_AUTH_SOCK, used if a caller specifies none. */
  readonly agentSocket: string | null;
  readonly defaultType: () => MakeKeyOptions["defaultType"];
}

/** The user's key pairs. */
export class Keys {
  readonly #options: KeysOptions;

  constructor(options: KeysOptions) {
    this.#options = options;
  }

  /** Never rejects. */
  list(agentSocket: string | null): Promise<Key[]> {
    return listIdentities(this.#options, agentSocket ?? this.#options.agentSocket);
  }

  /** By id; throws `not_found`. */
  async get(id: string, agentSocket: string | null): Promise<Key> {
    const found = (await this.list(agentSocket)).find((key) => key.id === id);
    if (found !== undefined) return found;
    throw new Problem("not_found", `No key with the id ${visibleLine(id)} in ~/.ssh or in the SSH agent.`);
  }

  /** See `makeKey`. */
  async create(request: NewKey): Promise<Key> {
    const defaultType = this.#options.defaultType();
    const path = await makeKey(request, { ...this.#options, defaultType });
    const made = (await this.list(null)).find((key) => key.path === path);
    if (made === undefined) throw new Problem("key_not_made", `${path} was made, but cannot be read.`);
    return made;
  }

  /** See `installKey`; throws `not_found` for an unknown id. */
  async install(
    id: string,
    target: Target,
    options: ConnectOptions,
    signal: AbortSignal,
  ): Promise<KeyInstallation> {
    const key = await this.get(id, options.agentSocket);
    return installKey(key, target, { ...options, remote: this.#options.remote }, signal);
  }
}
