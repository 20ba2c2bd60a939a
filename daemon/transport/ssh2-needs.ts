import { Problem } from "../../protocol/problem.ts";
import { visibleLine } from "../../protocol/visible.ts";
import type { HopNeed } from "./hop-settings.ts";
import type { Hop, Target } from "./remote.ts";

const bySsh2 = ["publickey", "keyboard-interactive", "password", "none"];

/**
 * Options in a hop's SSH configuration that ssh2 does not support, and that cannot be ignored without reaching another
 * machine, trusting it more, or logging in differently: such a hop uses another transport, or is refused.
 */
export function needsBeyondSsh2({ settings }: Pick<Hop, "settings">): readonly HopNeed[] {
  const { login, needs } = settings;
  const found = [...needs];
  const [certificate] = login.certificateFiles;
  if (certificate !== undefined) {
    found.push({ option: "CertificateFile", value: certificate, why: "it uses a certificate" });
  }
  if (login.pkcs11Provider !== null) {
    found.push({ option: "PKCS11Provider", value: login.pkcs11Provider, why: "it uses a PKCS#11 key" });
  }
  if (login.methods.length > 0 && !login.methods.some((method) => bySsh2.includes(method))) {
    const value = login.methods.join(",");
    found.push({
      option: "PreferredAuthentications",
      value,
      why: `it logs in with ${login.methods.join(" or ")}`,
    });
  }
  return found;
}

/** Not supported with any transport: Hostrun itself makes the connections. */
const neverHonoured = ["BindInterface", "ProxyUseFdpass"];

/** What neither ssh2 nor, where it may be used, the system's ssh supports. */
export function unmetNeeds(hop: Pick<Hop, "settings">): readonly HopNeed[] {
  const needs = needsBeyondSsh2(hop);
  if (hop.settings.transport === "ssh2") return needs;
  return needs.filter(({ option }) => neverHonoured.includes(option));
}

/** Throws a `conflict` that names the hop, the option and the reason. */
export function refuseUnmetNeeds({ jump, ...target }: Target): void {
  for (const hop of [...jump, target]) {
    const [need] = unmetNeeds(hop);
    if (need === undefined) continue;
    const way = hop === target ? "" : `On the way to ${target.name}: `;
    throw new Problem(
      "conflict",
      `${way}${hop.name} needs an option that Hostrun does not support: ${need.option} ${visibleLine(need.value)} in its SSH configuration (${need.why}). Remove it there, or connect with ssh.`,
      { host: target.name, reason: "option_not_honoured" },
    );
  }
}
