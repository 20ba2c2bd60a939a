import { expect, test } from "vitest";
import { algorithmsFor, hostKeyAlgorithms } from "../../../daemon/ssh/algorithms.ts";

test("nothing with SHA-1, CBC, DSA or compression is offered", () => {
  const offered = JSON.stringify(algorithmsFor([]));
  for (const weak of ["sha1", "-cbc", "ssh-dss", '"ssh-rsa"', "arcfour", "md5", "zlib"]) {
    expect(offered).not.toContain(weak);
  }
});

test("the fast and safe ones stand first, the slow and the risky last", () => {
  const { kex, serverHostKey, cipher } = algorithmsFor([]);
  expect(Array.isArray(kex) && kex[0]).toBe("curve25519-sha256");
  expect(Array.isArray(kex) && kex.at(-1)).toBe("diffie-hellman-group-exchange-sha256");
  expect(Array.isArray(serverHostKey) && serverHostKey[0]).toBe("ssh-ed25519");
  expect(Array.isArray(cipher) && cipher[0]).toBe("aes128-gcm@openssh.com");
  expect(Array.isArray(cipher) && cipher.at(-1)).toBe("chacha20-poly1305@openssh.com");
});

test("known key types are asked for first, and none is lost", () => {
  const order = hostKeyAlgorithms(["ssh-rsa", "nonsense"]);
  expect(order.slice(0, 3)).toEqual(["rsa-sha2-512", "rsa-sha2-256", "ssh-ed25519"]);
  expect(order.toSorted()).toEqual(hostKeyAlgorithms([]).toSorted());
});
