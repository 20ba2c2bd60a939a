/**
 * Writes, and where that fails once more at once: a disk that fails a single time has lost nothing. What the second
 * try threw; undefined after success.
 */
export function twice(write: () => void): { readonly failure: unknown } | undefined {
  try {
    write();
    return undefined;
  } catch {
    try {
      write();
      return undefined;
    } catch (failure) {
      return { failure };
    }
  }
}
