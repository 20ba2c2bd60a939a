import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import { clientArguments } from "../../../../daemon/openssh/arguments.ts";
import {
  type LoginSettings,
  plainHopSettings,
  type TrustSettings,
} from "../../../../daemon/transport/hop-settings.ts";
import type { Hop } from "../../../../daemon/transport/remote.ts";

const settings = {
  home: "/home/me",
  ownKnownHosts: "/state/known_hosts",
  keepaliveMs: 5000,
  requiredRsaSize: 2048,
};
const paths = { accepted: "/run/known", control: "/run/c1", log: "/dev/null" };
const places = { ...paths, asks: false, knownHosts: (path: string) => path };

interface Changes {
  readonly hop?: Partial<Hop>;
  readonly login?: Partial<LoginSettings>;
  readonly trust?: Partial<TrustSettings>;
}

/** What ssh itself takes the arguments for, by its own word (`ssh -G`). */
function understood({ hop, login, trust }: Changes): string[] {
  const plain: Hop = {
    name: "web1",
    address: "10.0.0.1",
    port: 2200,
    user: "deploy",
    identityFiles: [],
    identitiesOnly: false,
    hostKeyPolicy: "ask",
    settings: {
      ...plainHopSettings,
      login: { ...plainHopSettings.login, ...login },
      trust: { ...plainHopSettings.trust, ...trust },
    },
  };
  const args = clientArguments({ ...plain, ...hop }, settings, places);
  return execFileSync("ssh", ["-G", ...args], { encoding: "utf8" }).split("\n");
}

test.each<[string, Changes, string[]]>([
  ["a plain host", {}, ["host 10.0.0.1", "port 2200", "user deploy", "gssapiauthentication no"]],
  [
    "a host without a terminal to ask on",
    {},
    ["batchmode yes", "controlmaster true", "permitlocalcommand no"],
  ],
  [
    "a key in hardware",
    { hop: { identityFiles: ["/k/id_ed25519_sk"] }, login: { securityKeyProvider: '/l/a "sk".so' } },
    ["identityfile /k/id_ed25519_sk", 'securitykeyprovider /l/a "sk".so', "identitiesonly no"],
  ],
  [
    "a key of PKCS#11",
    { login: { pkcs11Provider: "/l/p 11.so" }, hop: { identitiesOnly: true } },
    ["pkcs11provider /l/p 11.so", "identitiesonly yes"],
  ],
  [
    "a certificate",
    { hop: { identityFiles: ["/k/id"] }, login: { certificateFiles: ["/k/100% id-cert.pub"] } },
    ["identityfile /k/id", "certificatefile /k/100%% id-cert.pub"],
  ],
  [
    "a ticket",
    { login: { gssapi: true, gssapiDelegation: true, methods: ["gssapi-with-mic"] } },
    ["gssapiauthentication yes", "gssapidelegatecredentials yes", "preferredauthentications gssapi-with-mic"],
  ],
  ["no agent", { login: { identityAgent: "none" } }, ["identityagent none"]],
  [
    "trust of its own",
    {
      trust: {
        hostKeyAlias: "alias",
        userKnownHostsFiles: [],
        globalKnownHostsFiles: ["/k/all"],
        knownHostsCommand: '/k/known "a b" %H %%',
        requiredRsaSize: 3072,
      },
    },
    [
      "hostkeyalias alias",
      "stricthostkeychecking true",
      "userknownhostsfile /run/known /state/known_hosts",
      "globalknownhostsfile /k/all",
      'knownhostscommand /k/known "a b" %H %%',
      "requiredrsasize 3072",
    ],
  ],
])("ssh reads in its arguments what holds for %s", (_what, changes, expected) => {
  expect(understood(changes)).toEqual(expect.arrayContaining(expected));
});
