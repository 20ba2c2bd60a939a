export interface BackOffPauses {
  readonly firstMs: number;
  readonly maxMs: number;
}

/** The delay after this many consecutive failures, starting at 1: doubled each time, up to `maxMs`. */
export function backOffMs(failures: number, { firstMs, maxMs }: BackOffPauses): number {
  return Math.min(maxMs, firstMs * 2 ** Math.min(failures - 1, 30));
}
