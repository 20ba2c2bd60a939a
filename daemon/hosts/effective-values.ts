import type { EffectiveValues, NotHonoured } from "../../protocol/host.ts";
import { unmetNeeds } from "../transport/ssh2-needs.ts";
import type { FoundHost } from "./host-lookup.ts";

/** What a run on a host uses, for display. Values of variables may be secrets, so only their names are included. */
export function effectiveValues({ hop, jump, effective }: FoundHost): EffectiveValues {
  const { address, port, user, identityFiles, identitiesOnly, hostKeyPolicy, settings } = hop;
  const { login, trust, algorithms, proxyCommand, addressFamily, bindAddress, compression, keepalive } =
    settings;
  const { environment, pty, connectTimeoutMs } = effective.session;
  return {
    address,
    port,
    user,
    identityFiles: [...identityFiles],
    identitiesOnly,
    identityAgent: login.identityAgent,
    certificateFiles: [...login.certificateFiles],
    methods: [...login.methods],
    jump: [...jump],
    proxyCommand,
    addressFamily,
    bindAddress,
    compression,
    connectTimeoutMs,
    keepalive,
    hostKeyPolicy,
    hostKeyAlias: trust.hostKeyAlias,
    userKnownHostsFiles: listOrNull(trust.userKnownHostsFiles),
    globalKnownHostsFiles: listOrNull(trust.globalKnownHostsFiles),
    revokedHostKeys: trust.revokedHostKeys,
    knownHostsCommand: trust.knownHostsCommand,
    hashKnownHosts: trust.hashKnownHosts,
    requiredRsaSize: trust.requiredRsaSize,
    kexAlgorithms: [...algorithms.kex],
    ciphers: [...algorithms.ciphers],
    macs: [...algorithms.macs],
    hostKeyAlgorithms: [...algorithms.hostKey],
    pubkeyAcceptedAlgorithms: [...algorithms.publicKey],
    environment: Object.keys(environment),
    pty,
  };
}

/** The options of its SSH configuration that are not honoured with the host's transport. */
export function notHonouredOf({ hop, effective }: FoundHost): NotHonoured[] {
  const { transport } = hop.settings;
  const told = effective.notHonoured.filter(
    ({ option, needed }) => !needed && !(option === "Compression" && transport === "openssh"),
  );
  return [...told, ...unmetNeeds(hop).map((need) => ({ ...need, needed: true }))];
}

function listOrNull(list: readonly string[] | null): string[] | null {
  return list === null ? null : [...list];
}
