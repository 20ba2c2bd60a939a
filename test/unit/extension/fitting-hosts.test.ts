import { expect, test } from "vitest";
import { blankHost } from "../../../extension/hosts/blank-host.ts";
import { fittingHosts } from "../../../extension/hosts/fitting-hosts.ts";

const hosts = [
  { ...blankHost, name: "web1", address: "10.0.0.1", group: "prod/web", tags: ["EU"] },
  { ...blankHost, name: "web2", address: "10.0.0.2", group: "staging", tags: ["us"] },
  { ...blankHost, name: "db", address: "10.0.1.1", user: "postgres" },
];

test.each([
  ["", ["web1", "web2", "db"]],
  ["  ", ["web1", "web2", "db"]],
  ["WEB", ["web1", "web2"]],
  ["web prod", ["web1"]],
  ["eu", ["web1"]],
  ["10.0.0", ["web1", "web2"]],
  ["postgres", ["db"]],
  ["web nothing", []],
])("a filter of %j is for hosts with each of its words, in any part of them", (text, names) => {
  expect(fittingHosts(hosts, text).map(({ name }) => name)).toEqual(names);
});
