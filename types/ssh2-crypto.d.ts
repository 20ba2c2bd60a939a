/** Not part of ssh2's public interface: only daemon/ssh/ssh2-internals.ts uses it. */
declare module "ssh2/lib/protocol/crypto.js" {
  /** Whether ciphers run in the native binding; there is none for most Node versions. */
  export const bindingAvailable: boolean | undefined;
}
