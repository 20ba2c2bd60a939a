import { Problem } from "../../protocol/problem.ts";
import { visibleLine } from "../../protocol/visible.ts";
import type { ProductionHosts } from "../hosts/production-hosts.ts";

/** Throws `confirmation_required` for a production host; `next` is what to do then. */
export async function refuseProduction(
  production: Pick<ProductionHosts, "isProduction">,
  host: string | number,
  next: string,
): Promise<void> {
  if (!(await production.isProduction(host))) return;
  const name = visibleLine(String(host));
  throw new Problem("confirmation_required", `${name} is a production host. ${next}`, { host: name });
}
