import type * as vscode from "vscode";
import type { Host } from "../../protocol/host.ts";

/** The setting hostrun.preconnect. */
export type PreconnectSetting = "off" | "pinned" | "chosen";

export interface EarlyConnectParts {
  /** Takes the host's name or id; rejects if no connection was made. */
  readonly connect: (host: string) => Promise<unknown>;
  readonly log: Pick<vscode.LogOutputChannel, "debug">;
  readonly setting: () => PreconnectSetting;
}

/** A host that the user merely passes on the way to another does not count. */
const restMs = 250;
const pinnedTag = "pinned";
const maxPinned = 4;

/**
 * Opens connections to hosts on which a command is likely to be run, if the setting allows it. Failures are not
 * reported: the run, if there is one, will report them. The daemon knows which hosts are production hosts, and opens
 * no connection to those.
 */
export class EarlyConnect {
  readonly #parts: EarlyConnectParts;
  #timer: NodeJS.Timeout | undefined;

  constructor(parts: EarlyConnectParts) {
    this.#parts = parts;
  }

  /** A host is being chosen: it may be one of those that are pinned. */
  asked(hosts: readonly Host[]): void {
    if (this.#parts.setting() === "off") return;
    const pinned = hosts.filter(({ tags, production }) => !production && tags.includes(pinnedTag));
    for (const host of pinned.slice(0, maxPinned)) void this.#open(host);
  }

  /** This host is highlighted now, or none is. */
  considered(host: Host | undefined): void {
    clearTimeout(this.#timer);
    if (host === undefined || this.#parts.setting() !== "chosen") return;
    this.#timer = setTimeout(() => void this.#open(host), restMs);
  }

  /** A command is being typed for this host. */
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
