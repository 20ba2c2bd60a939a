import type { ProblemDetails } from "../../protocol/problem.ts";

/** An unknown host key that has not been verified, as `host_key_unknown` contains it. */
export interface OfferedKey {
  readonly host: string;
  readonly hop: string;
  readonly address: string;
  readonly port: number;
  readonly key: string;
  readonly keyType: string;
  readonly fingerprint: string;
}

export function offeredKey(problem: ProblemDetails | undefined): OfferedKey | undefined {
  if (problem?.code !== "host_key_unknown") return undefined;
  const { address, port, key, keyType, fingerprint } = problem;
  if (address === undefined || key === undefined || keyType === undefined || fingerprint === undefined) {
    return undefined;
  }
  const at = `${address}:${port ?? 22}`;
  return {
    host: problem.host ?? address,
    hop: problem.hop ?? at,
    address,
    port: port ?? 22,
    key,
    keyType,
    fingerprint,
  };
}
