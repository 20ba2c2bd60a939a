/**
 * As whom a person logs in where nothing else is said. The account database may have no entry, as in containers that run
 * as any number: then it is what the environment says, or the number.
 */
export function userName(
  inDatabase: () => string,
  environment: Readonly<Record<string, string | undefined>>,
  uid: number | undefined,
): string {
  try {
    return inDatabase();
  } catch {
    return environment["USER"] || environment["LOGNAME"] || String(uid ?? "");
  }
}
