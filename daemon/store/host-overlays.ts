import { Host } from "../../protocol/host.ts";
import type { HostOverlayStore } from "../hosts/host-overlay.ts";
import type { Database } from "./database.ts";
import { type OverlayColumns, overlayValues } from "./host-row.ts";
import { mapStorageErrors } from "./storage-errors.ts";
import { readStored } from "./stored-row.ts";

const Stored = Host.pick({
  group: true,
  tags: true,
  color: true,
  production: true,
  favorite: true,
  loginShell: true,
  transport: true,
  worker: true,
  legacyAlgorithms: true,
});
/** Values for members that cannot be read; `production` never is one of them. */
const fallbacks = { group: null, tags: [], color: null, transport: "auto" as const, worker: "off" as const };

/** Overlays in SQLite, all cached in memory: listing the hosts reads one per host. */
export function createHostOverlays({ sql, damage }: Database): HostOverlayStore {
  const write = sql.prepare<[OverlayColumns]>(
    `INSERT OR REPLACE INTO host_overlays
       (name, group_path, tags, color, production, favorite, login_shell, transport, worker,
        legacy_algorithms)
     VALUES (@name, @group_path, @tags, @color, @production, @favorite, @login_shell, @transport, @worker,
        @legacy_algorithms)`,
  );
  const remove = sql.prepare<[string]>("DELETE FROM host_overlays WHERE name = ?");
  const known = new Map<string, NonNullable<ReturnType<HostOverlayStore["get"]>>>();
  for (const row of sql.prepare<[], OverlayColumns>("SELECT * FROM host_overlays").all()) {
    const read = readStored(Stored, overlayValues(row), fallbacks);
    if (read === undefined || read.damaged.length > 0)
      damage.report("host_overlays", row.name, read?.damaged);
    if (read === undefined) continue;
    const damaged = read.damaged.length > 0 ? { damaged: [...read.damaged] } : {};
    known.set(row.name, { ...read.value, ...damaged });
  }
  return {
    get: (name) => known.get(name),
    set: (name, overlay) => {
      const { group, tags, color, production, favorite, loginShell, transport, worker, legacyAlgorithms } =
        overlay;
      const row = {
        name,
        group_path: group,
        tags: JSON.stringify(tags),
        color,
        production: Number(production),
        favorite: Number(favorite),
        login_shell: Number(loginShell),
        transport,
        worker,
        legacy_algorithms: Number(legacyAlgorithms),
      };
      mapStorageErrors(() => write.run(row));
      known.set(name, overlay);
    },
    delete: (name) => {
      mapStorageErrors(() => remove.run(name));
      known.delete(name);
    },
  };
}
