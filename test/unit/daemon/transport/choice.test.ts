import { expect, test } from "vitest";
import { chooseTransport, type OpenSshCredential } from "../../../../daemon/transport/choice.ts";
import {
  type HopSettings,
  type LoginSettings,
  plainHopSettings,
} from "../../../../daemon/transport/hop-settings.ts";

const withLogin = (login: Partial<LoginSettings>): Partial<HopSettings> => ({
  login: { ...plainHopSettings.login, ...login },
});
const need = { option: "HostbasedAuthentication", value: "yes", why: "it logs in by its host" };
const rows: readonly (readonly [string | null, Partial<HopSettings>, readonly OpenSshCredential[]])[] = [
  [null, {}, []],
  ["it is set to do so", { transport: "openssh" }, []],
  [null, { transport: "ssh2", needs: [need] }, ["certificate"]],
  ["it logs in by its host", { needs: [need] }, ["ticket"]],
  ["it uses a certificate", withLogin({ certificateFiles: ["/c"] }), []],
  ["it uses a certificate", {}, ["certificate"]],
  ["it uses a key in hardware", {}, ["hardware"]],
  ["it uses a Kerberos ticket", {}, ["ticket"]],
  ["it uses a PKCS#11 key", withLogin({ pkcs11Provider: "/lib/p11.so" }), []],
  // Debian's configuration has it for every host.
  [null, withLogin({ gssapi: true }), []],
  [null, withLogin({ methods: ["gssapi-with-mic", "publickey"] }), []],
  ["it logs in with gssapi-with-mic", withLogin({ methods: ["gssapi-with-mic"] }), []],
];

test.each(rows)("%j is why not by ssh2: %j, %j", (reason, settings, means) => {
  const choice = chooseTransport({ settings: { ...plainHopSettings, ...settings } }, means);
  expect(choice).toEqual({ transport: reason === null ? "ssh2" : "openssh", reason });
});
