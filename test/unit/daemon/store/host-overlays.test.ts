import { afterAll, expect, test } from "vitest";
import { type LogFields, silentLog } from "../../../../daemon/core/log.ts";
import { type HostOverlay, noOverlay } from "../../../../daemon/hosts/host-overlay.ts";
import { createHostOverlays } from "../../../../daemon/store/host-overlays.ts";
import { openTestDatabase } from "../../../support/database.ts";
import { openDirectory } from "../../../support/directory.ts";

await using stack = new AsyncDisposableStack();
const directory = stack.use(await openDirectory());
const warnings: LogFields[] = [];
const log = { ...silentLog, warn: (_: string, fields: LogFields = {}) => void warnings.push(fields) };
const database = stack.use(openTestDatabase(directory.join("db"), log));
const owned = stack.move();
afterAll(() => owned.disposeAsync());

const full: HostOverlay = {
  group: "prod/web",
  tags: ["eu"],
  color: "charts.red",
  production: true,
  favorite: true,
  loginShell: true,
  transport: "openssh",
  worker: "off",
  legacyAlgorithms: true,
};

test("an overlay is the same when it is read again, until it is taken away", () => {
  const overlays = createHostOverlays(database);
  overlays.set("web1", full);
  expect(createHostOverlays(database).get("web1")).toEqual(full);
  overlays.delete("web1");
  expect(overlays.get("web1")).toBeUndefined();
  expect(createHostOverlays(database).get("web1")).toBeUndefined();
});

test("what is damaged in it costs that part, and never the mark of a production host", () => {
  createHostOverlays(database).set("web2", full);
  database.sql.exec(
    `UPDATE host_overlays SET tags = '[', color = 'no colour', production = 7, transport = 'ssh', worker = 'x', legacy_algorithms = 7
       WHERE name = 'web2'`,
  );
  expect(createHostOverlays(database).get("web2")).toEqual({
    ...noOverlay,
    worker: "off",
    group: "prod/web",
    production: true,
    favorite: true,
    loginShell: true,
    damaged: ["tags", "color", "transport", "worker"],
  });
  expect(warnings).toEqual([
    { table: "host_overlays", row: "web2", columns: ["tags", "color", "transport", "worker"] },
  ]);
});
