import type { UserFiles } from "../../core/user-files.ts";
import { describeKey, keyBits, type KeyDescription } from "../host-keys/host-key.ts";
import type { AgentKey } from "./agent-client.ts";
import { Agents } from "./agents.ts";
import { IdentityFiles } from "./identity-files.ts";

/** Reads key files and agents in order to describe their keys; private parts are not kept. */
export interface KeySource {
  /**
   * undefined if there is no key with a known public part. `encrypted` is null for a file that holds a public part only.
   */
  keyAt(
    path: string,
  ): Promise<{ readonly publicKey: Buffer; readonly encrypted: boolean | null } | undefined>;
  /** Empty if the agent cannot be queried. */
  agentKeys(socket: string): Promise<readonly AgentKey[]>;
  describe(publicKey: Buffer): KeyDescription & { readonly bits: number | undefined };
}

export function createKeySource(files: UserFiles, uid: number | undefined): KeySource {
  const identityFiles = new IdentityFiles(files, uid);
  const agents = new Agents(files);
  return {
    async keyAt(path) {
      const found = await identityFiles.at(path);
      if (found.kind === "missing" || !("publicKey" in found) || found.publicKey === undefined)
        return undefined;
      const { kind, publicKey } = found;
      return { publicKey, encrypted: kind === "public" ? null : kind === "encrypted" };
    },
    agentKeys: async (socket) => (await agents.at(socket).contents()).keys,
    describe: (publicKey) => ({ ...describeKey(publicKey), bits: keyBits(publicKey) }),
  };
}
