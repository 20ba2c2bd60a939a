/** The system's name of an error, e.g. "ECONNREFUSED", or SQLite's, e.g. "SQLITE_BUSY", which has the same property. */
export function errorCode(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}
