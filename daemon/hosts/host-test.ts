import type { HostTest, HostTestRequest } from "../../protocol/host-test.ts";
import { Problem } from "../../protocol/problem.ts";
import type { TestStep } from "../../protocol/test-step.ts";
import type { Clock } from "../core/clock.ts";
import type { HostProbe, Remote, SessionProbe } from "../transport/remote.ts";
import type { Questioner } from "../transport/questioner.ts";
import type { Resolved } from "./resolution.ts";
import { TestSteps } from "./test-steps.ts";

export interface HostTestParts {
  readonly remote: Pick<Remote, "probe">;
  readonly clock: Pick<Clock, "elapsed">;
  readonly connectTimeoutMs: () => number;
  readonly changed: (testId: string, steps: TestStep[]) => void;
}

/** Connects to a host, step by step. Its Problem shows how far it got, in `steps`. */
export async function testHost(
  parts: HostTestParts,
  { target, session }: Pick<Resolved, "target" | "session">,
  { questioner, ...request }: HostTestRequest & { readonly questioner: Questioner | undefined },
  signal: AbortSignal,
): Promise<Omit<HostTest, "offeredSecret">> {
  const { testId } = request;
  const steps = new TestSteps({
    clock: parts.clock,
    changed: (all) => testId !== undefined && parts.changed(testId, [...all]),
  });
  const options = {
    connectTimeoutMs: request.connectTimeoutMs ?? session.connectTimeoutMs ?? parts.connectTimeoutMs(),
    agentSocket: request.agentSocket,
    questioner,
    fresh: request.fresh,
    exec: true,
    mark: steps.mark.bind(steps),
  };
  try {
    const probe = await parts.remote.probe(target, options, signal);
    endSession(steps, probe.session);
    return { ok: true, host: target.name, ...found(probe), steps: [...steps.steps] };
  } catch (failure) {
    if (!(failure instanceof Problem)) throw failure;
    steps.end("failed", failure.toJSON().title);
    const { code, message, members, cause } = failure;
    throw new Problem(code, message, { ...members, cause, steps: [...steps.steps] });
  }
}

function endSession(steps: TestSteps, session: SessionProbe | undefined): void {
  if (session === undefined || session.kind === "ran") steps.end("done");
  else steps.end(session.kind === "failed" ? "failed" : "skipped", session.why);
}

function found({
  connection,
  reused,
  connectMs,
  hostKey,
}: HostProbe): Omit<HostTest, "ok" | "host" | "steps" | "offeredSecret"> {
  const { server, cipher } = connection;
  return {
    reusedConnection: reused,
    connectMs: Math.round(connectMs),
    server: server ?? "",
    cipher: cipher ?? "",
    hostKey,
  };
}
