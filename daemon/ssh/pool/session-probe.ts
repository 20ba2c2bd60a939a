import { visibleLine } from "../../../protocol/visible.ts";
import type { RemoteAnswer, SessionProbe } from "../../transport/remote.ts";
import { execHelper } from "../channel/exec-helper.ts";
import { openChannel } from "../channel/exec.ts";
import { canOpenAhead } from "../ssh2-internals.ts";
import type { Lease } from "./lease.ts";
import { hasOneSession } from "./server-traits.ts";

/** Start files may be slow. */
const timeoutMs = 30_000;
/** Valid in every shell, and for command interpreters that are none. */
const command = "exit 0";

/** Runs a command that does nothing, unless that would deprive a run of something. */
export async function probeSession({ connection, pooled }: Lease): Promise<SessionProbe> {
  if (hasOneSession(connection)) {
    return { kind: "unasked", why: "the server allows one session per connection, which is left for a run" };
  }
  const spare = pooled.takeSpare();
  // A forced command is known for certain only once a session is open.
  const opening =
    spare === undefined && canOpenAhead(connection.client) ? await openChannel(connection) : undefined;
  if (opening?.kind === "refused") return { kind: "failed", why: "the server refused to open a session" };
  const channel = opening?.kind === "opened" ? opening.channel : spare;
  if (await connection.forcesCommand()) {
    channel?.close();
    return { kind: "unasked", why: "the key forces a command, which is left for a run" };
  }
  const opened = channel === undefined ? [] : [channel];
  return endOf(
    await execHelper(connection, command, { deadlineMs: timeoutMs, takeSpare: () => opened.pop() }),
  );
}

function endOf(answer: RemoteAnswer | undefined): SessionProbe {
  if (answer === undefined) return { kind: "failed", why: "the command did not run, or not in time" };
  if (answer.code === undefined || answer.code === 0) return { kind: "ran" };
  const [said = ""] = answer.output.trim().split("\n").slice(-1);
  return { kind: "failed", why: said === "" ? `exit status ${answer.code}` : visibleLine(said) };
}
