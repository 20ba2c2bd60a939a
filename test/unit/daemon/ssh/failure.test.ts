import { expect, test } from "vitest";
import {
  membersOf,
  nameOf,
  onTheWayTo,
  unreachable,
  unreachableAt,
  unreachableBy,
} from "../../../../daemon/ssh/failure.ts";
import { Problem } from "../../../../protocol/problem.ts";
import { plainHopSettings } from "../../../../daemon/transport/hop-settings.ts";

const hop = {
  name: "web1",
  address: "10.0.0.5",
  port: 22,
  user: "deploy",
  identityFiles: [],
  identitiesOnly: false,
  settings: plainHopSettings,
  hostKeyPolicy: "ask",
} as const;

test.each([
  ["ENOTFOUND", "name_not_found"],
  ["EAI_AGAIN", "name_not_found"],
  ["EHOSTUNREACH", "no_route"],
  ["ENETUNREACH", "no_route"],
  ["ECONNREFUSED", "refused"],
  ["ETIMEDOUT", "no_answer"],
  ["ECONNRESET", "reset"],
  ["EPERM", "blocked"],
  ["EWHATEVER", "network_error"],
])("%s is %s, with a sentence and a next step of its own", (code, reason) => {
  const problem = unreachableBy(hop, Object.assign(new Error("x"), { code }));
  expect(problem).toMatchObject({ code: "host_unreachable", members: { reason, host: "web1" } });
  expect(problem.message).toMatch(/^Can't reach web1: .+\.$/);
});

test("a bastion's problem is told as the host's, once", () => {
  const problem = unreachable({ ...hop, name: "bastion" }, "refused");
  const web1 = { ...hop, address: "10.0.0.6" };
  const told = onTheWayTo(web1, problem);
  expect(told.message).toMatch(
    /^On the way to web1: Can't reach bastion: nothing is listening on 10\.0\.0\.5:22\./,
  );
  expect(told.members.host).toBe("web1");
  expect(onTheWayTo(web1, told)).toBe(told);
});

test("a problem of the host itself is told by the run's own name of it", () => {
  const other = { ...hop, name: "täg" };
  const unknown = new Problem(
    "host_key_unknown",
    `The host key of ${nameOf(other)} is not known yet.`,
    membersOf(other),
  );
  expect(onTheWayTo(hop, unknown).message).toBe(
    "The host key of web1 (deploy@10.0.0.5:22) is not known yet.",
  );
  expect(onTheWayTo(hop, unknown).members.host).toBe("web1");
  expect(onTheWayTo(hop, unreachable(other, "refused")).message).toBe(unreachable(hop, "refused").message);
  const bare = new Problem("protocol_error", "Not SSH.", membersOf(other));
  expect(onTheWayTo(hop, bare).message).toBe("web1 is the same server as täg: Not SSH.");
});

test("of several addresses each is named, and the reason is that of the one where most was reached", () => {
  const failing = (address: string, code: string) => ({
    address,
    failure: Object.assign(new Error("x"), { code }),
  });
  const attempts = [failing("2001:db8::1", "ENETUNREACH"), failing("192.0.2.1", "ECONNREFUSED")];
  const problem = unreachableAt({ ...hop, address: "web1.example" }, attempts);
  expect(problem).toMatchObject({ code: "host_unreachable", members: { reason: "refused" } });
  expect(problem.message).toMatch(/ It was tried at 2001:db8::1 \(no route\), 192\.0\.2\.1 \(refused\)\.$/);
  const only = unreachableAt(hop, [failing("10.0.0.5", "ECONNREFUSED")]);
  expect(only.message).toBe(unreachable(hop, "refused").message);
});
