/**
 * Writes or reads, and where that fails once more at once: a disk that fails a single time has lost nothing. What the
 * second try threw; undefined after success.
 */
export function retryOnce(attempt: () => void): { readonly failure: unknown } | undefined {
  try {
    attempt();
    return undefined;
  } catch {
    try {
      attempt();
      return undefined;
    } catch (failure) {
      return { failure };
    }
  }
}
