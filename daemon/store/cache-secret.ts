import { randomBytes } from "node:crypto";
import type { Database } from "./database.ts";
import { mapStorageErrors } from "./storage-errors.ts";

/** What seals this store's entries in Redis. It is kept, so that they outlive the daemon; a damaged one is replaced. */
export function cacheSecretOf({ sql }: Database): string {
  const known = mapStorageErrors(() =>
    sql.prepare<[], string>("SELECT value FROM meta WHERE name = 'cacheSecret'").pluck().get(),
  );
  if (known !== undefined && /^[\w-]{43}$/.test(known)) return known;
  const secret = randomBytes(32).toString("base64url");
  try {
    sql.prepare("INSERT OR REPLACE INTO meta (name, value) VALUES ('cacheSecret', ?)").run(secret);
  } catch {
    // Without room it holds for this daemon only, which must start on a full disk too.
  }
  return secret;
}
