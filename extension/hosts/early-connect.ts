import type * as vscode from "vscode";
import type { Host } from "../../protocol/host.ts";

/** The setting hostrun.preconnect. */
export type PreconnectSetting = "off" | "pinned" | "chosen";

export interface EarlyConnectParts {
  /** By the host's name or id; rejects where there is no connection. */
  readonly connect: (host: string) => Promise<unknown>;
  readonly log: Pick<vscode.LogOutputChannel, "debug">;
  readonly setting: () => PreconnectSetting;
}

/** A host that the person passes on the way to another one is not meant. */
const restMs = 250;
const pinnedTag = "pinned";
const maxPinned = 4;

/**
 * Has connections opened for hosts that are about to be run on, where the setting wants it. What comes of it, nobody is told:
 * the run says it, if there is one. Whether a host is a production host the daemon knows, which then opens none.
 */
export class EarlyConnect {
  readonly #parts: EarlyConnectParts;
  #timer: NodeJS.Timeout | undefined;

  constructor(parts: EarlyConnectParts) {
    this.#parts = parts;
  }

  /** A host is asked for: those that are pinned may be the one. */
  asked(hosts: readonly Host[]): void {
    if (this.#parts.setting() === "off") return;
    const pinned = hosts.filter(({ tags, production }) => !production && tags.includes(pinnedTag));
    for (const host of pinned.slice(0, maxPinned)) void this.#open(host);
  }

  /** This host is the one at hand now, or none is. */
  considered(host: Host | undefined): void {
    clearTimeout(this.#timer);
    if (host === undefined || this.#parts.setting() !== "chosen") return;
    this.#timer = setTimeout(() => void this.#open(host), restMs);
  }

  /** A command is typed for this host. */
  chosen(host: Host): void {
    clearTimeout(this.#timer);
    if (this.#parts.setting() === "chosen") void this.#open(host);
  }

  dispose(): void {
    clearTimeout(this.#timer);
  }

  async #open({ id, name, production }: Host): Promise<void> {
    if (production) return;
    const { connect, log } = this.#parts;
    await connect(id === null ? name : String(id)).catch((failure: unknown) => {
      log.debug(`No connection to ${name} was opened ahead: ${String(failure)}`);
    });
  }
}
