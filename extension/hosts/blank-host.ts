import type { Host } from "../../protocol/host.ts";

/** A host of which nothing is said but where it is. */
export const blankHost: Omit<Host, "name" | "address"> = {
  id: null,
  port: 22,
  user: null,
  identityFile: null,
  jump: [],
  group: null,
  tags: [],
  color: null,
  production: false,
  favorite: false,
  loginShell: false,
  hostKeyPolicy: null,
  transport: "auto",
  worker: "auto",
  legacyAlgorithms: false,
  source: "manual",
  createdAt: null,
  updatedAt: null,
};
