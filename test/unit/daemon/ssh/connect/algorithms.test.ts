import { expect, test } from "vitest";
import { algorithmsFor, mismatchOf, unavailable } from "../../../../../daemon/ssh/connect/algorithms.ts";
import { withLegacy } from "../../../../../daemon/transport/algorithms.ts";
import { plainHopSettings } from "../../../../../daemon/transport/hop-settings.ts";

const { algorithms: plain } = plainHopSettings;

test("nothing with SHA-1, CBC, DSA, group exchange or compression is offered", () => {
  const offered = JSON.stringify(algorithmsFor([], plain));
  for (const weak of ["sha1", "-cbc", "ssh-dss", '"ssh-rsa"', "arcfour", "md5", "zlib", "exchange"]) {
    expect(offered).not.toContain(weak);
  }
});

test("the fast and safe ones stand first, the slow and the risky last", () => {
  const { kex, serverHostKey, cipher } = algorithmsFor([], plain);
  expect(kex[0]).toBe("curve25519-sha256");
  expect(serverHostKey[0]).toBe("ssh-ed25519");
  expect(cipher[0]).toBe("aes128-gcm@openssh.com");
  expect(cipher.at(-1)).toBe("chacha20-poly1305@openssh.com");
});

test("known key types are asked for first, and none is lost", () => {
  const order = algorithmsFor(["ssh-rsa", "nonsense"], plain).serverHostKey;
  expect(order.slice(0, 3)).toEqual(["rsa-sha2-512", "rsa-sha2-256", "ssh-ed25519"]);
  expect(order.toSorted()).toEqual(algorithmsFor([], plain).serverHostKey.toSorted());
});

test("the first thing for which nothing is in common is named, a MAC only beside a cipher that needs one", () => {
  const ours = algorithmsFor([], plain);
  const both = (...names: string[]) => ({ to: names, from: names });
  const good = {
    kex: ["sntrup761x25519-sha512", "curve25519-sha256"],
    serverHostKey: ["ssh-rsa", "rsa-sha2-256"],
    cipher: both("aes256-ctr"),
    hmac: both("hmac-sha2-256"),
  };
  expect(mismatchOf(good, ours)).toBeUndefined();
  expect(mismatchOf({ ...good, kex: [] }, ours)).toMatchObject({ option: "KexAlgorithms" });
  const sha1 = { ...good, serverHostKey: ["ssh-rsa"], hmac: both("hmac-sha1") };
  expect(mismatchOf(sha1, ours)).toMatchObject({ option: "HostKeyAlgorithms", server: ["ssh-rsa"] });
  const from = { to: ["aes256-ctr"], from: ["aes256-cbc"] };
  expect(mismatchOf({ ...good, cipher: from }, ours)).toMatchObject({
    what: "cipher",
    server: ["aes256-cbc"],
  });
  expect(mismatchOf({ ...good, hmac: both("hmac-md5") }, ours)).toMatchObject({ what: "MAC" });
  const gcm = { ...good, cipher: both("aes256-gcm@openssh.com"), hmac: both("hmac-md5") };
  expect(mismatchOf(gcm, ours)).toBeUndefined();
});

test("what needs the strict key exchange is chosen only where a server has nothing else", () => {
  const { hmac, cipher } = algorithmsFor([], plain);
  expect(hmac.map((name) => name.includes("-etm@"))).toEqual([false, false, true, true]);
  const theirs = { ...plain, ciphers: ["chacha20-poly1305@openssh.com", "aes256-ctr", "aes128-ctr"] };
  expect(algorithmsFor([], theirs).cipher).toEqual([
    "aes256-ctr",
    "aes128-ctr",
    "chacha20-poly1305@openssh.com",
  ]);
  expect(cipher.at(-1)).toBe("chacha20-poly1305@openssh.com");
});

test("a host's configuration decides what is offered, as far as ssh2 has it", () => {
  const wanted = {
    ...plain,
    kex: [
      "sntrup761x25519-sha512",
      "diffie-hellman-group-exchange-sha256",
      "ecdh-sha2-nistp521",
      "curve25519-sha256",
    ],
    macs: ["umac-64@openssh.com", "hmac-sha1"],
    hostKey: ["ssh-ed25519-cert-v01@openssh.com", "rsa-sha2-256", "ssh-ed25519"],
  };
  const offered = algorithmsFor(["ssh-ed25519"], wanted);
  expect(offered.kex).toEqual(["ecdh-sha2-nistp521", "curve25519-sha256"]);
  expect(offered.hmac).toEqual(["hmac-sha1"]);
  expect(offered.serverHostKey).toEqual(["ssh-ed25519", "rsa-sha2-256"]);
  expect(offered.cipher).toEqual(algorithmsFor([], plain).cipher);
  expect(unavailable(offered)).toBeUndefined();
  expect(unavailable(algorithmsFor([], { ...plain, kex: ["mlkem768x25519-sha256"] }))).toBe("KexAlgorithms");
});

test("legacy ones stand behind all others", () => {
  const own = algorithmsFor([], plain);
  const offered = algorithmsFor([], withLegacy(plain));
  for (const list of ["kex", "serverHostKey", "hmac"] as const) {
    expect(offered[list].slice(0, own[list].length)).toEqual(own[list]);
    expect(offered[list].length).toBeGreaterThan(own[list].length);
  }
  expect(offered.cipher.slice(0, 5)).toEqual(own.cipher.slice(0, 5));
  expect(offered.cipher).toContain("3des-cbc");
  const some = withLegacy({ ...plain, kex: ["ecdh-sha2-nistp256"] });
  expect(some.kex).toEqual([
    "ecdh-sha2-nistp256",
    "diffie-hellman-group14-sha1",
    "diffie-hellman-group1-sha1",
  ]);
});
