/**
 * The default login name. The account database may have no entry, as in containers that run under an arbitrary id: then
 * it is taken from the environment, or is the id.
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
