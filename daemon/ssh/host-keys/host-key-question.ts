import type { Problem } from "../../../protocol/problem.ts";
import type { Question } from "../../transport/questioner.ts";
import type { Hop } from "../../transport/remote.ts";
import { hopName } from "../../transport/hop-name.ts";
import { nameOf } from "../failure.ts";
import type { HostKeys } from "./host-keys.ts";
import { randomArt } from "./random-art.ts";

/** The reasons for which a person may accept an unknown key. */
const answerable: readonly unknown[] = ["ask", "known_hosts_unreadable", "no_known_hosts"];

/** The question to ask after `problem`; undefined if no answer could resolve it. Never rejects. */
export async function hostKeyQuestion(
  hop: Hop,
  problem: Problem,
  hostKeys: Pick<HostKeys, "knownAs" | "notes">,
): Promise<Question | undefined> {
  const { key, keyType, fingerprint, reason } = problem.members;
  const isUnknown = problem.code === "host_key_unknown" && answerable.includes(reason);
  if (!isUnknown || key === undefined || keyType === undefined || fingerprint === undefined) return undefined;
  const blob = Buffer.from(key, "base64");
  return {
    kind: "hostKey",
    host: hop.name,
    hop: hopName(hop),
    user: hop.user,
    title: `Is this the host key of ${nameOf(hop)}?`,
    instructions:
      `The ${keyType} key of ${nameOf(hop)} is not known yet. Its fingerprint is ${fingerprint}. ` +
      ["Compare it with what the host's administrator says.", ...hostKeys.notes].join(" "),
    attempt: 1,
    fields: [{ label: "Trust this key (accept), or for this connection only (acceptOnce)", echo: true }],
    key: { keyType, fingerprint, randomart: randomArt(blob), key, knownAs: await hostKeys.knownAs(blob) },
    unasked: problem,
  };
}
