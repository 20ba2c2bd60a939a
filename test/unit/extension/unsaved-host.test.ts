import { expect, test } from "vitest";
import type { Host } from "../../../protocol/host.ts";
import { blankHost } from "../../../extension/hosts/blank-host.ts";
import { hostOfRun, unsavedHost } from "../../../extension/hosts/unsaved-host.ts";

function host(fields: Pick<Host, "name" | "address"> & Partial<Host>): Host {
  return { ...blankHost, id: 1, ...fields };
}

const web1 = host({ name: "web1", address: "10.0.0.1", user: "deploy", port: 2222 });
const db1 = host({ name: "db1", address: "10.0.0.2", user: "admin", production: true, jump: ["bastion"] });
const hosts = [web1, db1];

test.each(["", "web9", "web1", "a b", "root@:22", "ssh -i key root@web9", "ssh -J bastion root@web9"])(
  "%j cannot be run on without being saved",
  (text) => {
    expect(unsavedHost(hosts, text)).toBeUndefined();
  },
);

test("an address with a user or a port can, under the name that the daemon takes", () => {
  expect(unsavedHost(hosts, "root@web9")).toMatchObject({
    id: null,
    name: "root@web9",
    address: "web9",
    user: "root",
    port: 22,
    production: false,
  });
  expect(unsavedHost(hosts, "web9:22")).toMatchObject({ name: "web9:22", user: null, port: 22 });
  expect(unsavedHost(hosts, "ssh root@::1 -p 2201")).toMatchObject({ name: "root@[::1]:2201", port: 2201 });
});

test("of a known host all is taken but the user and the port that were given", () => {
  expect(unsavedHost(hosts, "root@db1")).toMatchObject({
    id: null,
    name: "root@db1",
    address: "10.0.0.2",
    user: "root",
    jump: ["bastion"],
    production: true,
  });
  expect(unsavedHost(hosts, "web1:22")).toMatchObject({ address: "10.0.0.1", user: "deploy", port: 22 });
});

test("an address at which a known host is is that host", () => {
  expect(unsavedHost(hosts, "ssh -p 2222 deploy@10.0.0.1")).toBe(web1);
  expect(unsavedHost(hosts, "deploy@web1")).toBe(web1);
  // Not the same way there.
  expect(unsavedHost(hosts, "admin@10.0.0.2")).toMatchObject({ id: null, jump: [] });
});

test("another user of a production host's machine is on production, too", () => {
  expect(unsavedHost(hosts, "root@10.0.0.2")).toMatchObject({ id: null, production: true });
});

test("a run is on its host by name, also where nobody saved it", () => {
  expect(hostOfRun(hosts, "web1")).toBe(web1);
  expect(hostOfRun(hosts, "root@db1")).toMatchObject({ user: "root", production: true });
  expect(hostOfRun(hosts, "gone")).toBeUndefined();
});
