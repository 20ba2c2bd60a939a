import type { HostKeyPolicy } from "../../../protocol/host.ts";
import type { AlgorithmSettings, HopSettings } from "../../transport/hop-settings.ts";
import type { SshOptions } from "./ssh-options.ts";

/** The settings of the connection itself. */
export function connectionOf(
  options: SshOptions,
): Pick<HopSettings, "addressFamily" | "bindAddress" | "compression" | "keepalive"> {
  const family = options.first("addressfamily");
  const interval = Number(options.first("serveraliveinterval") ?? 0);
  return {
    addressFamily: family === "inet" || family === "inet6" ? family : "any",
    bindAddress: options.first("bindaddress") ?? null,
    compression: options.isOn("compression"),
    keepalive:
      interval > 0
        ? { intervalMs: interval * 1000, countMax: Number(options.first("serveralivecountmax") ?? 3) }
        : null,
  };
}

/** `no` would accept even a changed key; Hostrun accepts only new ones. */
export function hostKeyPolicyOf(options: SshOptions): HostKeyPolicy {
  const value = options.first("stricthostkeychecking") ?? "ask";
  if (value === "ask") return "ask";
  return value === "yes" || value === "true" ? "strict" : "acceptNew";
}

const lists = {
  kex: "kexalgorithms",
  ciphers: "ciphers",
  macs: "macs",
  hostKey: "hostkeyalgorithms",
  publicKey: "pubkeyacceptedalgorithms",
} as const;

/** In each list, only what differs from OpenSSH's default. */
export function algorithmsOf(options: SshOptions, defaults: SshOptions): AlgorithmSettings {
  const list = (keyword: string): readonly string[] =>
    options.sameAs(defaults, keyword) ? [] : (options.first(keyword) ?? "").split(",").filter(Boolean);
  return {
    kex: list(lists.kex),
    ciphers: list(lists.ciphers),
    macs: list(lists.macs),
    hostKey: list(lists.hostKey),
    publicKey: list(lists.publicKey),
  };
}

/** OpenSSH's order (readconf.c), with the option that enables each. */
const switches: Readonly<Record<string, string>> = {
  "gssapi-with-mic": "gssapiauthentication",
  hostbased: "hostbasedauthentication",
  publickey: "pubkeyauthentication",
  "keyboard-interactive": "kbdinteractiveauthentication",
  password: "passwordauthentication",
};

/** Empty if nothing is configured; `none` if no method is left (RFC 4252, section 5.2). */
export function methodsOf(options: SshOptions, defaults: SshOptions): readonly string[] {
  const preferred = options.first("preferredauthentications");
  const ours = ["publickey", "keyboard-interactive", "password"];
  const isPlain = ours.every((method) => options.sameAs(defaults, switches[method] ?? ""));
  if (preferred === undefined && isPlain) return [];
  const names = preferred === undefined ? Object.keys(switches) : preferred.split(",");
  const left = names.filter((method) => !options.isOff(switches[method] ?? ""));
  return left.length === 0 ? ["none"] : left;
}
