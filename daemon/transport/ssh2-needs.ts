import { Problem } from "../../protocol/problem.ts";
import { visibleLine } from "../../protocol/visible.ts";
import type { HopNeed } from "./hop-settings.ts";
import type { Hop, Target } from "./remote.ts";

const bySsh2 = ["publickey", "keyboard-interactive", "password", "none"];

/**
 * What the SSH configuration of a hop asks for and ssh2 cannot do, where passing over it would reach another machine,
 * trust it more, or log in to it in another way: such a hop goes by another transport, or not at all.
 */
export function needsBeyondSsh2({ settings }: Pick<Hop, "settings">): readonly HopNeed[] {
  const { login, needs } = settings;
  const found = [...needs];
  const [certificate] = login.certificateFiles;
  if (certificate !== undefined) {
    found.push({ option: "CertificateFile", value: certificate, why: "it uses a certificate" });
  }
  if (login.pkcs11Provider !== null) {
    found.push({ option: "PKCS11Provider", value: login.pkcs11Provider, why: "it uses a key of PKCS#11" });
  }
  if (login.methods.length > 0 && !login.methods.some((method) => bySsh2.includes(method))) {
    const value = login.methods.join(",");
    found.push({
      option: "PreferredAuthentications",
      value,
      why: `it is logged in to by ${login.methods.join(" or ")}`,
    });
  }
  return found;
}

/** Whatever the transport: connections are made by Hostrun itself. */
const neverHonoured = ["BindInterface", "ProxyUseFdpass"];

/** What neither ssh2 does nor the system's ssh, where that may be used. */
export function unmetNeeds(hop: Pick<Hop, "settings">): readonly HopNeed[] {
  const needs = needsBeyondSsh2(hop);
  if (hop.settings.transport === "ssh2") return needs;
  return needs.filter(({ option }) => neverHonoured.includes(option));
}

/** `conflict` names the hop, the option and the reason. */
export function refuseUnmetNeeds({ jump, ...target }: Target): void {
  for (const hop of [...jump, target]) {
    const [need] = unmetNeeds(hop);
    if (need === undefined) continue;
    const way = hop === target ? "" : `On the way to ${target.name}: `;
    throw new Problem(
      "conflict",
      `${way}${hop.name} needs what Hostrun does not do: ${need.option} ${visibleLine(need.value)} in its SSH configuration (${need.why}). Take it out there, or connect with ssh.`,
      { host: target.name, reason: "option_not_honoured" },
    );
  }
}
