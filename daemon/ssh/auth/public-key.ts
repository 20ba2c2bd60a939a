import { createPublicKey, type KeyObject } from "node:crypto";
import { wireString } from "../wire-string.ts";

const curves: ReadonlyMap<unknown, string> = new Map([
  ["P-256", "nistp256"],
  ["P-384", "nistp384"],
  ["P-521", "nistp521"],
]);

/** The public part of a private key in SSH's wire form; undefined for a type that SSH does not have. */
export function publicKeyOf(key: KeyObject): Buffer | undefined {
  const { kty, crv, n, e, x, y } = createPublicKey(key).export({ format: "jwk" });
  if (kty === "RSA" && n !== undefined && e !== undefined) {
    return fields("ssh-rsa", unsigned(e), unsigned(n));
  }
  if (kty === "OKP" && crv === "Ed25519" && x !== undefined) {
    return fields("ssh-ed25519", Buffer.from(x, "base64url"));
  }
  const curve = curves.get(crv);
  if (kty !== "EC" || curve === undefined || x === undefined || y === undefined) return undefined;
  // An uncompressed point (RFC 5656, section 3.1).
  const point = Buffer.concat([Buffer.of(4), Buffer.from(x, "base64url"), Buffer.from(y, "base64url")]);
  return fields(`ecdsa-sha2-${curve}`, Buffer.from(curve), point);
}

function fields(type: string, ...values: readonly Buffer[]): Buffer {
  return Buffer.concat([Buffer.from(type), ...values].map(wireString));
}

/** A number as an mpint (RFC 4251, section 5): a leading zero keeps it positive. */
function unsigned(base64url: string): Buffer {
  const bytes = Buffer.from(base64url, "base64url");
  return (bytes[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.of(0), bytes]) : bytes;
}
