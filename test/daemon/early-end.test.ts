import type { Connection, Session } from "ssh2";
import { expect, test } from "vitest";
import { channelId, wireOf } from "../support/hostile-wire.ts";
import { openSshPool, targetOf } from "../support/ssh-pool.ts";
import { openSsh2Server } from "../support/ssh2-server.ts";

/** Tells in `seen` of the ends of channels that `connection` is sent, as they come. */
function watchEnds(connection: Connection, seen: string[]): void {
  const handlers: unknown = Reflect.get(Reflect.get(connection, "_protocol"), "_handlers");
  if (typeof handlers !== "object" || handlers === null) throw new Error("ssh2 has changed: no handlers");
  const inner: unknown = Reflect.get(handlers, "CHANNEL_EOF");
  Reflect.set(handlers, "CHANNEL_EOF", (...message: readonly unknown[]) => {
    seen.push("end of input");
    if (typeof inner === "function") Reflect.apply(inner, undefined, message);
  });
}

/** A server that takes a command in a later turn than it reads it. */
function openLateServer(ident: string, seen: string[]) {
  return openSsh2Server({
    ident,
    session: (accept, _reject, { connection }) => {
      watchEnds(connection, seen);
      const session: Session = accept();
      // By the wire: ssh2's own server gives no channel whose input has ended already.
      session.on("exec", () => {
        setTimeout(() => {
          seen.push("command taken");
          const id = channelId(Reflect.get(session, "_chanInfo"));
          const wire = wireOf(connection);
          wire.channelSuccess(id);
          wire.exitStatus(id, 0);
          wire.channelClose(id);
        }, 50);
      });
    },
  });
}

test.each([
  ["goes along to OpenSSH where nothing comes", "OpenSSH_9.9", true, ["end of input", "command taken"]],
  ["waits where there is input", "OpenSSH_9.9", false, ["command taken"]],
  ["waits for other servers to take the command", "Other_1.0", true, ["command taken"]],
])("the end of a command's input %s", async (_what, ident, ends, order) => {
  const seen: string[] = [];
  await using server = await openLateServer(ident, seen);
  await using pool = await openSshPool({ trust: [server] });
  const run = await pool.run(targetOf(server), "any", { inputEnds: () => ends });
  expect(run.end).toEqual({ kind: "exited", code: 0 });
  expect(seen.slice(0, order.length)).toEqual(order);
});
