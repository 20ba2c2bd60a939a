import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { systemClock } from "../../../../../daemon/core/clock.ts";
import { silentLog } from "../../../../../daemon/core/log.ts";
import { HostKeyCheck } from "../../../../../daemon/ssh/host-keys/host-key-check.ts";
import { openKnownHosts } from "../../../../../daemon/ssh/host-keys/known-hosts.ts";
import { namesOfMore } from "../../../../support/bad-fields.ts";
import { openDirectory } from "../../../../support/directory.ts";
import { createKey } from "../../../../support/ssh-key.ts";
import { openTestFiles } from "../../../../support/user-files.ts";
import type { Hop } from "../../../../../daemon/transport/remote.ts";
import { plainHopSettings } from "../../../../../daemon/transport/hop-settings.ts";

async function check(address: string, hostKeyPolicy: "ask" | "acceptNew") {
  const directory = await openDirectory();
  const key = await createKey(directory.join("key"));
  const path = directory.join("known_hosts");
  using files = openTestFiles();
  const parts = { files, clock: systemClock, log: silentLog, environment: {} };
  const knownHosts = openKnownHosts({ own: path, user: [], global: [], ...parts });
  const hop: Hop = {
    name: "web1",
    address,
    port: 22,
    user: "deploy",
    hostKeyPolicy,
    identityFiles: [],
    identitiesOnly: false,
    settings: plainHopSettings,
  };
  const options = { hop, hostKeys: await knownHosts.of(hop) };
  const checked = new HostKeyCheck({ ...options, requiredRsaSize: 2048, log: silentLog });
  const accepted = checked.verify(Buffer.from(key.publicKey.split(" ")[1] ?? "", "base64"));
  return { ...directory, path, accepted, problem: checked.problem };
}

test.each(namesOfMore)("acceptNew records nothing for the address %j, and takes no key", async (address) => {
  await using taken = await check(address, "acceptNew");
  expect(taken.accepted).toBe(false);
  expect(taken.problem).toMatchObject({ code: "host_key_unknown", members: { reason: "address" } });
  expect(existsSync(taken.path)).toBe(false);
});

test("nobody is asked to trust a key that cannot be recorded", async () => {
  await using asked = await check("web*", "ask");
  expect(asked.problem).toMatchObject({ code: "host_key_unknown", members: { reason: "address" } });
});

test("acceptNew records the key of a plain address", async () => {
  await using taken = await check("10.0.0.1", "acceptNew");
  expect(taken.accepted).toBe(true);
  expect(await readFile(taken.path, "utf8")).toMatch(/^10\.0\.0\.1 ssh-ed25519 \S+\n$/);
});
