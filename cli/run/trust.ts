import { warn } from "../console.ts";
import type { OfferedKey } from "./offered-key.ts";

/** Explains what to do if no one can be asked whether the key is the host's. */
export function explainTrust({ address, port, key, fingerprint }: OfferedKey): void {
  warn(
    `Compare ${fingerprint} with what the host's administrator says, then trust it with:`,
    `  hostrun known-hosts add ${address.includes(":") ? `[${address}]` : address}:${port} ${key}`,
  );
}
