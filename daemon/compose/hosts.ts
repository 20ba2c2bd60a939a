import { lookup as lookUp } from "node:dns/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { HostDirectory } from "../hosts/directory.ts";
import { HostLookup } from "../hosts/host-lookup.ts";
import { ConfigCopies } from "../hosts/openssh/config-copies.ts";
import { ConfigFiles } from "../hosts/openssh/config-files.ts";
import { EffectiveHosts } from "../hosts/openssh/effective-hosts.ts";
import { SshProgram } from "../hosts/openssh/ssh-program.ts";
import { ProductionHosts } from "../hosts/production-hosts.ts";
import { createResolution, type Resolved } from "../hosts/resolution.ts";
import { createHostOverlays } from "../store/host-overlays.ts";
import { createHostStore } from "../store/hosts.ts";
import type { TemplateHost } from "../../protocol/snippet-text.ts";
import type { DaemonContext } from "./context.ts";
import type { Storage } from "./storage.ts";

export interface Hosts {
  readonly hosts: HostDirectory;
  readonly production: ProductionHosts;
  readonly resolve: (host: string | number) => Promise<Resolved>;
  /** The host's values for command templates: where a run on it would go. Rejects with `host_unknown`. */
  readonly templateHost: (name: string) => Promise<TemplateHost>;
}

export function openHosts(context: DaemonContext, { database }: Storage): Hosts {
  const { home, user, clock, changes, secrets, log } = context;
  const settings = () => context.settings.current;
  const store = createHostStore(database, clock);
  const overlays = createHostOverlays(database);
  const configured = openConfigurations(context);
  const lookup = new HostLookup({
    stored: (host) => (typeof host === "number" ? store.byId(host) : store.byName(host)),
    overlay: (name) => overlays.get(name),
    configured,
    settings,
    home,
    localUser: user,
    isResolvable,
    onIgnored: ({ message }) => log.warn("A saved host is reached without the SSH config", { why: message }),
  });
  const production = new ProductionHosts({ store, overlays, lookup, configured: configured(null), settings });
  const hosts = new HostDirectory({
    store,
    overlays,
    lookup,
    configured,
    settings,
    clock,
    home,
    onSaved: (host) => {
      changes.publish({ type: "hostSaved", host });
      void forgetOthers(host.name);
    },
    onDeleted: ({ id, name }) => {
      changes.publish({ type: "hostDeleted", id, name });
      secrets.forget(name);
    },
  });
  const resolve = createResolution(lookup);
  /** Secrets belong to a host as it was reached when they were given. */
  const forgetOthers = async (name: string): Promise<void> => {
    const resolved = await resolve(name).catch(() => undefined);
    secrets.forget(name, resolved?.target);
  };
  return { hosts, production, resolve, templateHost: (name) => templateHostOf(name, { resolve, hosts }) };
}

async function templateHostOf(
  name: string,
  { resolve, hosts }: Pick<Hosts, "resolve" | "hosts">,
): Promise<TemplateHost> {
  const { address, user, port } = (await resolve(name)).target;
  const { group } = await hosts.get(name);
  return { name, address, user, port: String(port), group: group ?? "" };
}

const systemConfig = "/etc/ssh/ssh_config";

/** Opens the user's own SSH configuration, or another file by its path. */
function openConfigurations(context: DaemonContext): (path: string | null) => EffectiveHosts {
  const { home, accountHome, environment, user: localUser, uid, files, clock, stateDirectory } = context;
  const settings = () => context.settings.current;
  const ssh = new SshProgram({ environment, endGroup: context.endGroup });
  const facts = { home, accountHome, environment, localUser, localHost: hostname(), uid };
  const open = (path: string | null, copies: string): EffectiveHosts => {
    const own = join(home, ".ssh/config");
    // ssh only knows the account's home directory, and there reads its own two files.
    const isNamed = path !== null || home !== accountHome;
    return new EffectiveHosts({
      ssh,
      files: new ConfigFiles(isNamed ? [path ?? own] : [own, systemConfig], { files, clock, home }),
      copies: new ConfigCopies(join(stateDirectory, "ssh-config", copies)),
      isNamed,
      settings,
      facts,
    });
  };
  const opened = new Map<string | null, EffectiveHosts>();
  return (path) => {
    const found = opened.get(path) ?? open(path, `of-${opened.size}`);
    opened.set(path, found);
    return found;
  };
}

async function isResolvable(name: string): Promise<boolean> {
  try {
    await lookUp(name);
    return true;
  } catch {
    return false;
  }
}
