export interface BackOffPauses {
  readonly firstMs: number;
  readonly maxMs: number;
}

/** How long to wait after so many failures in a row, from 1 on: doubled each time, up to `maxMs`. */
export function backOffMs(failures: number, { firstMs, maxMs }: BackOffPauses): number {
  return Math.min(maxMs, firstMs * 2 ** Math.min(failures - 1, 30));
}
