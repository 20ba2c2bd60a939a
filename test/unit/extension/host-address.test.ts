import { expect, test } from "vitest";
import { destination, hostAddress, parseHostAddress } from "../../../extension/hosts/host-address.ts";

const web1 = { address: "web1", user: null, port: undefined };
const root = { address: "web1", user: "root", port: undefined };

test.each([
  ["web1", web1],
  ["deploy@10.0.0.5", { address: "10.0.0.5", user: "deploy", port: undefined }],
  ["deploy@10.0.0.5:2222", { address: "10.0.0.5", user: "deploy", port: 2222 }],
  ["ssh://deploy@web1:22/", { address: "web1", user: "deploy", port: 22 }],
  ["ssh://ann%40dom;a=b@web1", { address: "web1", user: "ann@dom", port: undefined }],
  ["::1", { address: "::1", user: null, port: undefined }],
  ["fe80::1%eth0", { address: "fe80::1%eth0", user: null, port: undefined }],
  ["root@[fe80::1]:2022", { address: "fe80::1", user: "root", port: 2022 }],
  ["ssh", { address: "ssh", user: null, port: undefined }],
])("%s is an address", (text, parts) => {
  expect(parseHostAddress(text)).toEqual(parts);
});

test.each([
  "",
  "-oProxyCommand=id",
  "a b",
  "web1;id",
  "$(id)",
  "web1:99999",
  "`id`@web1",
  "x|y",
  "root@:22",
  "root@",
  ":22",
  "@web1",
  "::::",
  "1:2:3",
  "web1:",
])("%s is none", (text) => {
  expect(parseHostAddress(text)).toBeUndefined();
});

test.each([
  ["ssh web1", web1],
  ["  ssh   root@web1  ", root],
  ["ssh root@web1 -p 2201", { ...root, port: 2201 }],
  ["ssh -p2201 root@web1", { ...root, port: 2201 }],
  ["ssh -Atp 2201 -v root@web1", { ...root, port: 2201 }],
  ["ssh -o Port=2201 -oUser=root web1", { ...root, port: 2201 }],
  ["ssh -o 'StrictHostKeyChecking no' -L 8080:localhost:80 root@web1", root],
  ["ssh -l ann -l bob root@web1", { ...root, user: "ann" }],
  ["ssh ssh://root@web1:2201", { ...root, port: 2201 }],
  ["ssh root@fe80::1 -p 22", { address: "fe80::1", user: "root", port: 22 }],
  [
    `ssh -i "~/my keys/id" -J ann@bastion:22,inner root@web1`,
    { ...root, identityFile: "~/my keys/id", jump: ["ann@bastion:22", "inner"] },
  ],
  ["ssh -J none root@web1", root],
])("%s, pasted, says where the host is", (text, parts) => {
  expect(parseHostAddress(text)).toEqual(parts);
});

test.each([
  "ssh -p 2201",
  "ssh root@web1 uptime",
  "ssh root@web1 -p",
  "ssh root@web1 -p many",
  "ssh root@web1 -p 0",
  "ssh -F other root@web1",
  "ssh -o ProxyCommand='nc %h %p' root@web1",
  "ssh -oHostName=other web1",
  "ssh -Z web1",
  "ssh - web1",
  "ssh 'root@web1",
  "ssh root@:22",
  "ssh -J 'a b' web1",
  "ssh -l '-x' web1",
])("%s is not taken for something else", (text) => {
  expect(parseHostAddress(text)).toBeUndefined();
});

test("what is written can be read again", () => {
  for (const host of [
    { address: "10.0.0.5", user: "deploy", port: 22 },
    { address: "10.0.0.5", user: null, port: 2222 },
    { address: "fe80::1", user: "root", port: 2022 },
    { address: "fe80::1", user: null, port: 22 },
  ]) {
    const parsed = parseHostAddress(hostAddress(host));
    expect({ ...parsed, port: parsed?.port ?? 22 }).toEqual(host);
    expect(parseHostAddress(destination(host))).toEqual(host);
  }
});
