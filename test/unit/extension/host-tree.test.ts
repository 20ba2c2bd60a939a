import { expect, test } from "vitest";
import { blankHost } from "../../../extension/hosts/blank-host.ts";
import { groupPaths, hostTree, parentOf, rowKey, type HostNode } from "../../../extension/hosts/host-tree.ts";
import type { Host } from "../../../protocol/host.ts";

function host(name: string, group: string | null): Host {
  return { ...blankHost, id: 1, name, address: "10.0.0.1", group };
}

/** The tree as indented lines. */
function drawn(nodes: readonly HostNode[], indent = ""): string[] {
  return nodes.flatMap((node) =>
    node.kind === "host"
      ? [`${indent}${node.host.name}`]
      : [`${indent}${node.name}/ ${node.path}`, ...drawn(node.children, `${indent}  `)],
  );
}

test("groups are nested folders, before the hosts beside them, both by name", () => {
  const hosts = [
    host("zeta", null),
    host("web10", "prod/web"),
    host("web2", "prod/web"),
    host("db", "prod"),
    host("alpha", null),
    host("box", "lab"),
  ];
  expect(drawn(hostTree(hosts))).toEqual([
    "lab/ lab",
    "  box",
    "prod/ prod",
    "  web/ prod/web",
    "    web2",
    "    web10",
    "  db",
    "alpha",
    "zeta",
  ]);
});

test("favorites stand above the groups, once", () => {
  const hosts = [
    host("zeta", null),
    { ...host("web1", "prod/web"), favorite: true },
    host("web2", "prod/web"),
    { ...host("alpha", null), favorite: true },
  ];
  expect(drawn(hostTree(hosts))).toEqual([
    "alpha",
    "web1",
    "prod/ prod",
    "  web/ prod/web",
    "    web2",
    "zeta",
  ]);
});

test("empty parts of a group name no folder", () => {
  expect(drawn(hostTree([host("a", "/prod//web/"), host("b", " "), host("c", "prod/web")]))).toEqual([
    "prod/ prod",
    "  web/ prod/web",
    "    a",
    "    c",
    "b",
  ]);
});

test("every folder can be chosen as a group, parents too", () => {
  expect(groupPaths([host("a", "prod/web"), host("b", "lab"), host("c", null)])).toEqual([
    "lab",
    "prod",
    "prod/web",
  ]);
});

test("a row is found again in a tree that was built anew, with the group that it stands in", () => {
  const hosts = [host("web1", "prod/web"), host("alpha", null)];
  const [prod, alpha] = hostTree(hosts);
  const web = prod?.kind === "group" ? prod.children[0] : undefined;
  const web1 = web?.kind === "group" ? web.children[0] : undefined;
  if (prod === undefined || web === undefined || web1 === undefined || alpha === undefined)
    throw new Error("no rows");
  const again = hostTree(hosts);
  expect([prod, web, web1, alpha].map(rowKey)).toEqual([
    "group:prod",
    "group:prod/web",
    "host:web1",
    "host:alpha",
  ]);
  expect(parentOf(again, web1)).toMatchObject({ path: "prod/web" });
  expect(parentOf(again, web)).toMatchObject({ path: "prod" });
  expect(parentOf(again, prod)).toBeUndefined();
  expect(parentOf(again, alpha)).toBeUndefined();
});
