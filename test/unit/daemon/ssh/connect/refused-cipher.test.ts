import { expect, test } from "vitest";
import { refusesCipher } from "../../../../../daemon/ssh/connect/login-failure.ts";
import { plainHopSettings } from "../../../../../daemon/transport/hop-settings.ts";
import type { Hop } from "../../../../../daemon/transport/remote.ts";

const hop: Hop = {
  name: "web1",
  address: "10.0.0.1",
  port: 22,
  user: "deploy",
  identityFiles: [],
  identitiesOnly: false,
  hostKeyPolicy: "ask",
  settings: plainHopSettings,
};
const gcm = { cipher: "aes128-gcm@openssh.com", mac: "" };

test.each([
  ["chacha20-poly1305@openssh.com", "", true],
  ["aes128-ctr", "hmac-sha2-256-etm@openssh.com", true],
  ["aes128-cbc", "hmac-sha1-etm@openssh.com", true],
  ["aes128-ctr", "hmac-sha2-256", false],
  ["aes128-gcm@openssh.com", "", false],
])("%s %s needs the strict key exchange in either direction: %s", (cipher, mac, needed) => {
  const chosen = { cipher, mac };
  for (const both of [
    [chosen, gcm],
    [gcm, chosen],
  ]) {
    expect(refusesCipher(hop, false, both)?.code).toBe(needed ? "protocol_error" : undefined);
    expect(refusesCipher(hop, true, both)).toBeUndefined();
  }
});
