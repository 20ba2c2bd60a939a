import { expect, test } from "vitest";
import { hostAddress, parseHostAddress } from "../../../extension/hosts/host-address.ts";

test.each([
  ["web1", { address: "web1", user: null, port: undefined }],
  ["deploy@10.0.0.5", { address: "10.0.0.5", user: "deploy", port: undefined }],
  ["deploy@10.0.0.5:2222", { address: "10.0.0.5", user: "deploy", port: 2222 }],
  ["ssh deploy@web1.example.org", { address: "web1.example.org", user: "deploy", port: undefined }],
  ["ssh://deploy@web1:22/", { address: "web1", user: "deploy", port: 22 }],
  ["::1", { address: "::1", user: null, port: undefined }],
  ["root@[fe80::1]:2022", { address: "fe80::1", user: "root", port: 2022 }],
])("%s is an address", (text, parts) => {
  expect(parseHostAddress(text)).toEqual(parts);
});

test.each(["", "-oProxyCommand=id", "a b", "web1;id", "$(id)", "web1:99999", "`id`@web1", "x|y"])(
  "%s is none",
  (text) => {
    expect(parseHostAddress(text)).toBeUndefined();
  },
);

test("what is written can be read again", () => {
  for (const host of [
    { address: "10.0.0.5", user: "deploy", port: 22 },
    { address: "10.0.0.5", user: null, port: 2222 },
    { address: "fe80::1", user: "root", port: 2022 },
  ]) {
    const parsed = parseHostAddress(hostAddress(host));
    expect({ ...parsed, port: parsed?.port ?? 22 }).toEqual(host);
  }
});
