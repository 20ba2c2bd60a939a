import * as vscode from "vscode";
import type { Host } from "../../protocol/host.ts";
import { oneLine } from "../plain-text.ts";
import { hostAddress } from "./host-address.ts";
import type { ConnectionAlgorithms, HostState } from "./host-states.ts";
import { configPlace } from "./ssh-config-page.ts";

/** Plain text, never Markdown: the parts come from users, files and servers. */
export function hostTooltip(host: Host, state: HostState): string {
  const lines = [
    host.name,
    vscode.l10n.t("Address: {0}", hostAddress({ ...host, ...host.effective })),
    ...wayLabels(host),
    ...(host.tags.length > 0 ? [vscode.l10n.t("Tags: {0}", host.tags.join(", "))] : []),
    ...(host.production ? [vscode.l10n.t("This is a production host.")] : []),
    ...(host.damaged === undefined ? [] : [vscode.l10n.t("Damaged: {0}", host.damaged.join(", "))]),
    ...(host.legacyAlgorithms ? [vscode.l10n.t("Legacy algorithms are allowed (SHA-1, CBC, 3DES).")] : []),
    ...configLabels(host),
    ...(state.kind === "connected" ? [connectionLabel(state.connection)] : []),
    ...(state.kind === "failed" ? [`${state.title}: ${state.detail}`] : []),
  ];
  return lines.join("\n");
}

/** The jump hosts and key files; as in the list if the effective values were not requested. */
function wayLabels({ effective, jump, identityFile }: Host): string[] {
  const hops = effective?.jump ?? jump;
  const files = effective?.identityFiles ?? (identityFile === null ? [] : [identityFile]);
  const command = effective?.proxyCommand ?? null;
  return [
    ...(hops.length > 0 ? [vscode.l10n.t("Jump host: {0}", hops.join(", "))] : []),
    ...(command === null ? [] : [vscode.l10n.t("Proxy command: {0}", oneLine(command))]),
    ...files.map((file) => vscode.l10n.t("Key file: {0}", oneLine(file))),
  ];
}

function configLabels({ configAt, notHonoured = [] }: Host): string[] {
  return [
    ...(configAt === null ? [] : [vscode.l10n.t("SSH config: {0}", configPlace(configAt))]),
    ...notHonoured.map(({ option, value, why }) =>
      vscode.l10n.t("Not honoured: {0} {1}: {2}", option, oneLine(value), why),
    ),
  ];
}

function connectionLabel({ transport, kex, cipher, mac, hostKeyType }: ConnectionAlgorithms): string {
  const agreed = [transport, kex, cipher, mac, hostKeyType].filter((name) => name !== null && name !== "");
  return vscode.l10n.t("A connection is open: {0}", agreed.join(", "));
}
