import { basename, resolve } from "node:path";
import type { Key } from "../../protocol/key.ts";
import { visible } from "../../protocol/visible.ts";
import { agentSocketOf } from "../agent-socket.ts";
import { UsageError } from "../command.ts";

/** The caller's agent is more current than the daemon's. */
export function agentQuery(): { agentSocket?: string } {
  const socket = agentSocketOf(process.env);
  return socket === null ? {} : { agentSocket: socket };
}

/** The key that a person names by a file, a fingerprint, a comment or an id. */
export function findKey(keys: readonly Key[], text: string): Key {
  const path = resolve(text.replace(/\.pub$/, ""));
  const found = keys.filter(
    (key) =>
      [key.id, key.fingerprint, key.comment, key.path].includes(text) ||
      key.path === path ||
      (key.path !== null && basename(key.path) === text),
  );
  const [only] = found;
  if (only === undefined) throw new UsageError(`No key is "${visible(text)}". \`hostrun keys\` lists them.`);
  if (found.length > 1)
    throw new UsageError(`"${visible(text)}" is several keys. Give a file or a fingerprint.`);
  return only;
}
