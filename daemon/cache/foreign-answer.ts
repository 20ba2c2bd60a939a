import { visibleLine } from "../../protocol/visible.ts";

/** How a reply may begin: a status, an error, or a type with a length or a number. */
const reply = /^(?:[+-]|[*$:=%~>](?:[\d-]|$))/;
const maxShown = 40;
/** The type of a TLS record (RFC 8446, section 5.1). */
const tlsAlert = 0x15;

/** Why a server whose first answer begins like this is not Redis; undefined if it may be. */
export function whyForeign(answer: Buffer): string | undefined {
  const text = answer.toString("latin1", 0, 2 * maxShown);
  if (reply.test(text)) return undefined;
  const [line = ""] = text.split(/[\r\n]/, 1);
  if (answer[0] === tlsAlert) return "requires TLS";
  return `is not Redis: its answer begins with "${visibleLine(line, maxShown)}"`;
}
