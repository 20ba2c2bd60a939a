import { expect, test } from "vitest";
import {
  algorithmsFor,
  hostKeyAlgorithms,
  mismatchOf,
} from "../../../../../daemon/ssh/connect/algorithms.ts";

test("nothing with SHA-1, CBC, DSA, group exchange or compression is offered", () => {
  const offered = JSON.stringify(algorithmsFor([]));
  for (const weak of ["sha1", "-cbc", "ssh-dss", '"ssh-rsa"', "arcfour", "md5", "zlib", "exchange"]) {
    expect(offered).not.toContain(weak);
  }
});

test("the fast and safe ones stand first, the slow and the risky last", () => {
  const { kex, serverHostKey, cipher } = algorithmsFor([]);
  expect(kex[0]).toBe("curve25519-sha256");
  expect(serverHostKey[0]).toBe("ssh-ed25519");
  expect(cipher[0]).toBe("aes128-gcm@openssh.com");
  expect(cipher.at(-1)).toBe("chacha20-poly1305@openssh.com");
});

test("known key types are asked for first, and none is lost", () => {
  const order = hostKeyAlgorithms(["ssh-rsa", "nonsense"]);
  expect(order.slice(0, 3)).toEqual(["rsa-sha2-512", "rsa-sha2-256", "ssh-ed25519"]);
  expect(order.toSorted()).toEqual(hostKeyAlgorithms([]).toSorted());
});

test("the first thing for which nothing is in common is named, a MAC only beside a cipher that needs one", () => {
  const ours = algorithmsFor([]);
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
