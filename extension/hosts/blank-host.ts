import type { Host } from "../../protocol/host.ts";

/** A host with default values for everything but its name and address. */
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
  configAt: null,
};
