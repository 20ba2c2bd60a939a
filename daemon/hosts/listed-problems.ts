import type { Host } from "../../protocol/host.ts";
import { isTargetSyntax } from "../../protocol/host-name.ts";
import { jumpLoop } from "../../protocol/jump-loop.ts";
import { Problem, type ProblemDetails } from "../../protocol/problem.ts";
import { visibleLine } from "../../protocol/visible.ts";
import type { SshConfig } from "./openssh/config-names.ts";

/** How many names a problem lists. */
const maxListedNames = 5;

/** Hosts whose names are target syntax; such names were once allowed, or are in the SSH config. */
export function ambiguousNames(hosts: readonly Pick<Host, "name">[]): ProblemDetails[] {
  const names = hosts.flatMap(({ name }) => (isTargetSyntax(name) ? [visibleLine(name)] : []));
  if (names.length === 0) return [];
  const detail = `As targets, these names mean other hosts, so no job runs on them: ${some(names)}. Rename them (\`hostrun hosts edit NAME --rename NEW\`), or change them in the SSH config.`;
  return [new Problem("conflict", detail).toJSON()];
}

/** Words of Host lines that ssh accepts but that cannot be host names. */
export function unusableNames(config: SshConfig | undefined): ProblemDetails[] {
  const { unusable = [] } = config ?? {};
  if (unusable.length === 0) return [];
  const names = unusable.map(({ name, file, line }) => visibleLine(`"${name}" (${file}, line ${line})`));
  const detail = `The SSH config has names that no host can have: ${some(names)}. ssh ignores them, too. Separate the names on a Host line by spaces, not commas.`;
  return [new Problem("invalid_request", detail, { reason: "ssh_config" }).toJSON()];
}

/** Hosts whose jump hosts, according to the list, form a loop; ssh detects most such loops only when it connects. */
export function loopingJumpHosts(hosts: readonly Pick<Host, "name" | "jump">[]): ProblemDetails[] {
  const jumps = new Map(hosts.map(({ name, jump }) => [name, jump]));
  const loops = hosts.flatMap(({ name, jump }) => {
    const loop = jumpLoop(name, jump, (host) => jumps.get(host));
    return loop === undefined ? [] : [{ name, loop }];
  });
  const [first] = loops;
  if (first === undefined) return [];
  const names = some(loops.map(({ name }) => visibleLine(name)));
  const detail = `The jump hosts of these hosts form a loop, so none of them can be reached: ${names} (${visibleLine(first.loop.join(" → "))}). Change their jump hosts (\`hostrun hosts edit NAME --jump HOST\`), or ProxyJump in the SSH config.`;
  return [new Problem("conflict", detail).toJSON()];
}

function some(names: readonly string[]): string {
  const more = names.length > maxListedNames ? ` and ${names.length - maxListedNames} more` : "";
  return names.slice(0, maxListedNames).join(", ") + more;
}
