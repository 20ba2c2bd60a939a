import { userInfo } from "node:os";
import * as vscode from "vscode";
import type { Host } from "../../protocol/host.ts";
import { oneLine } from "../plain-text.ts";
import { hostAddress } from "./host-address.ts";

/**
 * A host by its name, with the user and the address that a command would run under, and whether that is production:
 * "web1 · deploy@10.0.0.5 · ⚠ PRODUCTION".
 */
export function whereLabel(host: Host, isProduction: boolean): string {
  const where = hostAddress({ ...host, user: loginOf(host) });
  const parts = [
    oneLine(host.name),
    // Of one that ssh was not asked about only the name is known.
    ...(where === host.name || host.unresolved === true ? [] : [oneLine(where)]),
    ...(isProduction ? [`⚠ ${vscode.l10n.t("PRODUCTION")}`] : []),
  ];
  return parts.join(" · ");
}

/** Who the daemon logs in as, so far as the host itself and the settings say it. */
export function loginOf({ user }: Pick<Host, "user">): string {
  return user ?? (vscode.workspace.getConfiguration("hostrun").get("defaultUser", "") || userInfo().username);
}
