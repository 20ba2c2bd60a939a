import type { UserFiles } from "../../core/user-files.ts";
import { describeKey, keyBits, type KeyDescription } from "../host-keys/host-key.ts";
import type { AgentKey } from "./agent-client.ts";
import { Agents } from "./agents.ts";
import { IdentityFiles } from "./identity-files.ts";

/** Looks at key files and agents for what is shown of them; of private parts nothing is kept. */
export interface KeySource {
  /** undefined where there is no key with a known public part. `encrypted`: null for a file with a public part alone. */
  keyAt(
    path: string,
  ): Promise<{ readonly publicKey: Buffer; readonly encrypted: boolean | null } | undefined>;
  /** None where the agent cannot be asked. */
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
