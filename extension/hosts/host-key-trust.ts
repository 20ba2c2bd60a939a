import * as vscode from "vscode";
import type { ProblemDetails } from "../../protocol/problem.ts";
import type { Daemon } from "../daemon/daemon.ts";

/**
 * Shows an unknown host key to the user, and records it if they trust it. True: it was recorded. Rejects with a
 * Problem if it could not be.
 */
export async function askToTrust(
  daemon: Daemon,
  problem: ProblemDetails,
  trustLabel: string,
): Promise<boolean> {
  const { host, address, port, key } = problem;
  if (!isTrustable(problem) || address === undefined || key === undefined) return false;
  if (!(await showHostKey({ ...problem, host: host ?? address }, trustLabel))) return false;
  await daemon.call("addKnownHost", { body: { address, port: port ?? 22, key } });
  return true;
}

/** Whether the user may trust the key here: with a strict policy it must be added to known_hosts by other means. */
export function isTrustable({ code, reason }: Pick<ProblemDetails, "code" | "reason">): boolean {
  return code === "host_key_unknown" && reason !== "strict";
}

/** Whether the user was asked about the key while the run waited, and did not trust it. */
export function wasAsked({ reason }: ProblemDetails): boolean {
  return reason === "declined" || reason === "expired";
}

export interface ShownHostKey {
  readonly host: string;
  readonly hop?: string | undefined;
  readonly keyType?: string | undefined;
  readonly fingerprint?: string | undefined;
  /** Other names under which the key is on record. */
  readonly knownAs?: readonly string[] | undefined;
}

/** Whether the user trusts a host key. */
export async function showHostKey(
  { host, hop, keyType, fingerprint, knownAs = [] }: ShownHostKey,
  trustLabel: string,
): Promise<boolean> {
  const detail = [
    ...(hop === undefined || hop === host ? [] : [vscode.l10n.t("Connecting to: {0}", hop)]),
    vscode.l10n.t("Key type: {0}", keyType ?? "?"),
    vscode.l10n.t("Fingerprint: {0}", fingerprint ?? "?"),
    ...(knownAs.length === 0 ? [] : [vscode.l10n.t("Also known as: {0}", knownAs.join(", "))]),
    "",
    vscode.l10n.t(
      "Compare this fingerprint with the one you were given for the host. Trust it only if they are the same.",
    ),
  ].join("\n");
  const answer = await vscode.window.showWarningMessage(
    vscode.l10n.t("The host key of {0} is not known yet", host),
    { modal: true, detail },
    // It is the default button: a stray Enter trusts nothing.
    vscode.l10n.t("Don't Trust"),
    trustLabel,
  );
  return answer === trustLabel;
}
