import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

/** Looks for what must stand nowhere. */
export class SecretSearch {
  /** What was found and where, e.g. "password: hostrun.db". */
  readonly found = new Set<string>();
  readonly #forms: readonly { readonly name: string; readonly form: string }[];

  /** By names that tell them apart. */
  constructor(secrets: Readonly<Record<string, string>>) {
    this.#forms = Object.entries(secrets).flatMap(([name, secret]) =>
      formsOf(secret).map((form) => ({ name, form })),
    );
  }

  look(place: string, content: Buffer | string): void {
    const bytes = typeof content === "string" ? Buffer.from(content) : content;
    for (const { name, form } of this.#forms) if (bytes.includes(form)) this.found.add(`${name}: ${place}`);
  }

  /** In every file of a directory, at any depth, as it is now. */
  async lookInFiles(directory: string, except: readonly string[] = []): Promise<void> {
    const entries = await readdir(directory, { recursive: true, withFileTypes: true });
    for (const { parentPath, name } of entries.filter((entry) => entry.isFile())) {
      if (!except.includes(name)) this.look(name, await readFile(join(parentPath, name)).catch(() => ""));
    }
  }

  /**
   * In the arguments and variables of every process of the machine, again and again until the signal is aborted. Not in
   * the variables of a host's account, whose commands they are for.
   */
  async watchProcesses(account: { readonly uid: number }, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      for (const pid of await readdir("/proc")) {
        if (/^\d+$/.test(pid)) await this.#lookAtProcess(pid, account);
      }
      // Nothing tells of a process that begins.
      await delay(20);
    }
  }

  async #lookAtProcess(pid: string, account: { readonly uid: number }): Promise<void> {
    const of = (name: string): Promise<Buffer | ""> => readFile(`/proc/${pid}/${name}`).catch(() => "");
    this.look("the arguments of a process", await of("cmdline"));
    const { uid } = await stat(`/proc/${pid}`).catch(() => ({ uid: account.uid }));
    if (uid !== account.uid) this.look("the variables of a process", await of("environ"));
  }
}

/** As it is, in hex, and in base64 wherever in a text it begins. */
function formsOf(secret: string): string[] {
  const inBase64 = [0, 1, 2].map((before) => {
    const text = Buffer.concat([Buffer.alloc(before), Buffer.from(secret)]).toString("base64");
    // What its neighbours have a part in is left out.
    return text.slice([0, 2, 3][before], -4);
  });
  return [secret, Buffer.from(secret).toString("hex"), ...inBase64];
}
