import * as z from "zod";
import { NewHostName } from "../../protocol/host.ts";
import { invalidRequest } from "../../protocol/invalid-request.ts";

/** Throws `invalid_request` for a name that no new host may have; an existing host may keep such a name. */
export function requireNewName(name: string): void {
  const parsed = z.object({ name: NewHostName }).safeParse({ name });
  if (!parsed.success) throw invalidRequest(parsed.error);
}
