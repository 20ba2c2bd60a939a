import { HostDirectory } from "../hosts/directory.ts";
import { createResolution, type Resolved } from "../hosts/resolution.ts";
import { createHostOverlays } from "../store/host-overlays.ts";
import { createHostStore } from "../store/hosts.ts";
import type { DaemonContext } from "./context.ts";
import type { Storage } from "./storage.ts";

export interface Hosts {
  readonly hosts: HostDirectory;
  readonly resolve: (host: string | number) => Promise<Resolved>;
}

export function openHosts(context: DaemonContext, { database }: Storage): Hosts {
  const { home, user, files, clock, changes } = context;
  const settings = () => context.settings.current;
  const hosts = new HostDirectory({
    store: createHostStore(database, clock),
    overlays: createHostOverlays(database),
    settings,
    clock,
    files,
    home,
    localUser: user,
    onSaved: (host) => changes.publish({ type: "hostSaved", host }),
    onDeleted: ({ id, name }) => changes.publish({ type: "hostDeleted", id, name }),
  });
  const resolve = createResolution({
    stored: (host) => hosts.stored(host),
    configured: (alias) => hosts.configured(alias),
    matching: (name) => hosts.matching(name),
    settings,
    home,
    localUser: user,
  });
  return { hosts, resolve };
}
