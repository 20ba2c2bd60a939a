import { copyFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach } from "vitest";
import { openBrowser } from "./browser.ts";
import { type CodeServer, type CodeServerOptions, openCodeServer } from "./code-server.ts";
import type { Sshd } from "./sshd.ts";
import { Workbench } from "./workbench.ts";

export interface EditorOptions extends CodeServerOptions {
  /** The text of the person's ~/.ssh/config; by default there is none. */
  readonly config?: string;
}

/** VS Code in a browser, of a person who has the key of `sshd` and knows its host key. */
export async function openEditor(
  owned: AsyncDisposableStack,
  sshd: Sshd,
  { config, ...options }: EditorOptions = {},
): Promise<{ readonly code: CodeServer; readonly window: Workbench }> {
  const code = owned.use(await openCodeServer(options));
  const ssh = (name: string): string => join(code.home, ".ssh", name);
  await copyFile(sshd.clientKey.path, ssh("id_ed25519"));
  await writeFile(ssh("known_hosts"), sshd.knownHosts);
  if (config !== undefined) await writeFile(ssh("config"), config);
  const browser = await openBrowser();
  owned.defer(() => browser.close());
  return { code, window: await Workbench.open(browser, code) };
}

/**
 * Keeps a picture of what a test that failed has shown, and loads the window anew: what it left open should not fail the
 * next one. Ends everything after the last test of the file.
 */
export function endAfterTests(owned: AsyncDisposableStack, window: () => Workbench): void {
  afterEach(async ({ task }) => {
    if (task.result?.state !== "fail") return;
    try {
      await window().failure(task.name);
    } finally {
      await window().loadAnew();
    }
  });
  afterAll(() => owned.disposeAsync());
}
