import type { Host, ImportRequest, ImportResult } from "../../protocol/host.ts";
import { Problem } from "../../protocol/problem.ts";
import { visibleLine } from "../../protocol/visible.ts";
import { homePath } from "./home-path.ts";
import type { HostFields } from "./host-store.ts";
import type { EffectiveHost } from "./openssh/effective-host.ts";
import type { EffectiveHosts } from "./openssh/effective-hosts.ts";

export interface ImportParts {
  readonly configured: (path: string | null) => EffectiveHosts;
  readonly home: string;
  /** Whether there is a saved host of this name. */
  readonly isTaken: (name: string) => boolean;
  readonly unsaved: (host: EffectiveHost) => Host;
  readonly insert: (fields: HostFields) => Host;
}

/** So many names are asked for together; see SshProgram for how many processes that is. */
const atOnce = 8;

/** Takes over the names of an SSH configuration, each with what ssh says of it now. */
export async function importHosts(
  { path, names, dryRun }: ImportRequest,
  parts: ImportParts,
): Promise<ImportResult> {
  const file = path === undefined ? null : homePath(path, parts.home);
  const configured = parts.configured(file);
  const { aliases } = await configured.config();
  if (aliases.size === 0) {
    throw new Problem(
      "not_found",
      `No hosts found in ${visibleLine(path ?? "~/.ssh/config")}. Give the path of an SSH config file.`,
    );
  }
  const result: ImportResult = { imported: [], skipped: [], dryRun };
  const wanted = [...new Set(names ?? aliases.keys())];
  const reasonAgainst = (name: string): string | undefined => {
    if (!aliases.has(name)) return "the file does not name it";
    return parts.isTaken(name) ? "there is a host of this name already" : undefined;
  };
  for (let at = 0; at < wanted.length; at += atOnce) {
    const some = wanted.slice(at, at + atOnce).map(async (name) => {
      const found = reasonAgainst(name) ?? (await valuesOf(name, configured));
      return { name, found };
    });
    for (const { name, found } of await Promise.all(some)) {
      if (typeof found === "string") result.skipped.push({ name, reason: found });
      else result.imported.push(importOne(found, file, dryRun, parts));
    }
  }
  return result;
}

function importOne(host: EffectiveHost, path: string | null, dryRun: boolean, parts: ImportParts): Host {
  const { name, identityFiles, identitiesOnly } = host;
  const imported = { name, path, identityFiles: [...identityFiles], identitiesOnly };
  const fields = { ...parts.unsaved(host), imported };
  return dryRun ? fields : parts.insert(fields);
}

/** Or why there are none. */
async function valuesOf(name: string, configured: EffectiveHosts): Promise<EffectiveHost | string> {
  try {
    return await configured.of({ name });
  } catch (failure) {
    if (failure instanceof Problem) return failure.message;
    throw failure;
  }
}
