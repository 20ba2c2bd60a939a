import { userInfo } from "node:os";
import * as vscode from "vscode";
import type { Host } from "../../protocol/host.ts";
import { oneLine } from "../plain-text.ts";
import { hostAddress } from "./host-address.ts";

/**
 * A host's name, with the user and the address that a command would use, and whether that is production: "web1 ·
 * deploy@10.0.0.5 · ⚠ PRODUCTION".
 */
export function whereLabel(host: Host, isProduction: boolean): string {
  const where = hostAddress({ ...host, user: loginOf(host) });
  const parts = [
    oneLine(host.name),
    // Only the name of an unresolved host is known.
    ...(where === host.name || host.unresolved === true ? [] : [oneLine(where)]),
    ...(isProduction ? [`⚠ ${vscode.l10n.t("PRODUCTION")}`] : []),
  ];
  return parts.join(" · ");
}

/** The user that the daemon logs in as, as far as the host and the settings determine it. */
export function loginOf({ user }: Pick<Host, "user">): string {
  return user ?? (vscode.workspace.getConfiguration("hostrun").get("defaultUser", "") || userInfo().username);
}
