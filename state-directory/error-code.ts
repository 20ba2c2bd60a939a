/** The system's name of an error, e.g. "ECONNREFUSED"; SQLite's, e.g. "SQLITE_BUSY", stands in the same place. */
export function errorCode(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}
