/**
 * Calls `attempt`, and once more immediately if it throws: a disk that fails a single time has lost nothing. Returns what
 * the second attempt threw; undefined after success.
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
