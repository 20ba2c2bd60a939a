import * as z from "zod";
import {
  hostNameRules,
  isUri,
  maxNameLength,
  maxPort,
  type NameRules,
  parseJump,
  destinationFault,
  userNameRules,
} from "./destination.ts";
import { newHostNameRules } from "./host-name.ts";

/** Reports only the first rule that a name breaks. */
function plainName(rules: NameRules): z.ZodString {
  return z
    .string()
    .min(1, "must not be empty")
    .max(maxNameLength, `must be at most ${maxNameLength} characters`)
    .superRefine((name, context) => {
      const broken = rules.find(({ holds }) => !holds(name));
      if (broken !== undefined) context.addIssue({ code: "custom", message: broken.message });
    });
}

/** A name or an address as OpenSSH takes it on its command line. */
export const HostName = plainName(hostNameRules);
/** A name, or any other destination that ssh accepts; in an ssh URI parameters may follow the user. */
export const Destination = z.string().superRefine((text, context) => {
  const [issue] = HostName.safeParse(text).error?.issues ?? [];
  const fault = isUri(text) ? destinationFault(text) : issue?.message;
  if (fault !== undefined) context.addIssue({ code: "custom", message: fault });
});
/** The name of a host that is being added, imported or renamed. */
export const NewHostName = plainName([...hostNameRules, ...newHostNameRules]);
/** A remote user name as OpenSSH takes it. */
export const UserName = plainName(userNameRules);
export const Port = z.int().min(1).max(maxPort);

export const Jump = z
  .string()
  .min(1)
  .max(600)
  .refine((text) => parseJump(text) !== undefined, "must be [user@]host[:port]")
  .refine((text) => text.toLowerCase() !== "none", "must not be none: for no jump host the list is empty");

export const HostKeyPolicy = z.enum(["ask", "acceptNew", "strict"]);
export type HostKeyPolicy = z.infer<typeof HostKeyPolicy>;

/**
 * How a host is reached: by ssh2 in the daemon, or by the system's `ssh`; `auto`: by ssh2 where that can, by `ssh`
 * otherwise.
 */
export const HostTransport = z.enum(["auto", "ssh2", "openssh"]);
export type HostTransport = z.infer<typeof HostTransport>;

/** Whether a worker may start commands in place of a login shell. */
export const HostWorker = z.enum(["auto", "off"]);
export type HostWorker = z.infer<typeof HostWorker>;

const label = (max: number) =>
  z
    .string()
    .min(1)
    .max(max)
    .refine((text) => !/[\p{Cc}\p{Cf}\p{Cs}]/u.test(text), "must not contain control characters");

/** The fields of a host that a person sets. */
const hostFields = {
  name: HostName,
  address: HostName,
  port: Port,
  user: UserName.nullable(),
  /** A path; `~` is the home directory of the daemon's user. */
  identityFile: label(4096).nullable(),
  jump: z.array(Jump).max(8),
  /** A path of folders in the tree, e.g. `prod/web`. */
  group: label(255).nullable(),
  /** Duplicates are removed; the first of each keeps its position. */
  tags: z
    .array(label(64))
    .max(64)
    .overwrite((tags) => [...new Set(tags)]),
  color: z
    .string()
    .regex(/^[a-z]+(\.[a-zA-Z]+)?$|^#[0-9a-fA-F]{6}$/, "must be a theme colour or #rrggbb")
    .nullable(),
  production: z.boolean(),
  /** Listed first. */
  favorite: z.boolean(),
  loginShell: z.boolean(),
  /** null: the setting `hostKeyPolicy` applies. */
  hostKeyPolicy: HostKeyPolicy.nullable(),
  transport: HostTransport,
  worker: HostWorker,
  /** Allows SHA-1, CBC and 3DES, for a device that supports nothing better. */
  legacyAlgorithms: z.boolean(),
};

/** What an import keeps besides a host's own fields. Other options are read from the file at the time of a run. */
const Imported = z.object({
  name: HostName,
  path: z.string().nullable(),
  identityFiles: z.array(z.string()),
  identitiesOnly: z.boolean(),
});

/** An option of the SSH config that applies to a host but that Hostrun does not implement. */
export const NotHonoured = z
  .object({
    option: z.string(),
    value: z.string(),
    /** A clause: "Hostrun forwards no agent …". */
    why: z.string(),
    /** It must not be ignored: the host is refused. */
    needed: z.boolean(),
  })
  .meta({ id: "NotHonoured" });
export type NotHonoured = z.infer<typeof NotHonoured>;

const files = z.array(z.string());

/**
 * The effective values for a run on the host, as `ssh -G` prints them, with all tokens expanded. null: Hostrun's
 * settings apply.
 */
export const EffectiveValues = z
  .object({
    address: z.string(),
    port: Port,
    user: z.string(),
    /** Empty: the default files. */
    identityFiles: files,
    identitiesOnly: z.boolean(),
    /** null: the caller's agent. */
    identityAgent: z.string().nullable(),
    certificateFiles: files,
    /** Authentication methods in the order to try them; empty: OpenSSH's. */
    methods: z.array(z.string()),
    jump: z.array(z.string()),
    proxyCommand: z.string().nullable(),
    addressFamily: z.enum(["any", "inet", "inet6"]),
    bindAddress: z.string().nullable(),
    compression: z.boolean(),
    connectTimeoutMs: z.int().nullable(),
    keepalive: z.object({ intervalMs: z.number(), countMax: z.number() }).nullable(),
    hostKeyPolicy: HostKeyPolicy,
    hostKeyAlias: z.string().nullable(),
    userKnownHostsFiles: files.nullable(),
    globalKnownHostsFiles: files.nullable(),
    revokedHostKeys: z.string().nullable(),
    knownHostsCommand: z.string().nullable(),
    hashKnownHosts: z.boolean(),
    requiredRsaSize: z.int().nullable(),
    /** Lists that the configuration changes; empty: Hostrun's own. */
    kexAlgorithms: z.array(z.string()),
    ciphers: z.array(z.string()),
    macs: z.array(z.string()),
    hostKeyAlgorithms: z.array(z.string()),
    pubkeyAcceptedAlgorithms: z.array(z.string()),
    /** The names of the variables that SendEnv and SetEnv send. */
    environment: z.array(z.string()),
    /** Whether runs have a terminal (RequestTTY force). */
    pty: z.boolean(),
  })
  .meta({ id: "EffectiveValues" });
export type EffectiveValues = z.infer<typeof EffectiveValues>;

export const Host = z
  .object({
    /** null: the host exists only in the SSH config; commands can be run on it by its name. */
    id: z.int().positive().nullable(),
    ...hostFields,
    source: z.enum(["manual", "ssh_config"]),
    createdAt: z.iso.datetime().nullable(),
    updatedAt: z.iso.datetime().nullable(),
    /** Members of a saved host that are unreadable and were replaced by defaults; absent where there are none. */
    damaged: z.array(z.string()).optional(),
    /**
     * Where the SSH config names the host, including a saved one; null if it does not, or cannot be read. `line` counts
     * from 1.
     */
    configAt: z.object({ file: z.string(), line: z.int().positive() }).nullable(),
    /** In a list, set on a host of the SSH config that was not resolved with ssh: its name is given as its address. */
    unresolved: z.literal(true).optional(),
    /** Only when one host is requested. */
    effective: EffectiveValues.optional(),
    notHonoured: z.array(NotHonoured).optional(),
    /**
     * For a saved host: the name in the SSH config that it was imported by, and from which file (null: the user's
     * own).
     */
    imported: Imported.optional(),
  })
  .meta({ id: "Host" });
export type Host = z.infer<typeof Host>;

export const NewHost = z.strictObject({
  name: NewHostName,
  address: hostFields.address,
  port: hostFields.port.optional(),
  user: hostFields.user.default(null),
  identityFile: hostFields.identityFile.default(null),
  jump: hostFields.jump.default([]),
  group: hostFields.group.default(null),
  tags: hostFields.tags.default([]),
  color: hostFields.color.default(null),
  production: hostFields.production.default(false),
  favorite: hostFields.favorite.default(false),
  loginShell: hostFields.loginShell.default(false),
  hostKeyPolicy: hostFields.hostKeyPolicy.default(null),
  transport: hostFields.transport.default("auto"),
  worker: hostFields.worker.default("auto"),
  legacyAlgorithms: hostFields.legacyAlgorithms.default(false),
});
export type NewHost = z.infer<typeof NewHost>;

/** The same for an existing host, whose name may be one that is refused for new hosts. */
export const SavedHost = NewHost.extend({ name: HostName });

/**
 * For a host that exists only in the SSH config, the fields that SSH has no option for can be set, and Hostrun stores
 * them: `group`, `tags`, `color`, `production`, `favorite`, `loginShell`, `transport`, `worker` and
 * `legacyAlgorithms`.
 */
export const HostPatch = z.strictObject(hostFields).partial();
export type HostPatch = z.infer<typeof HostPatch>;
