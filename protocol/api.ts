import { daemonEndpoints } from "./daemon-endpoints.ts";
import { hostEndpoints } from "./host-endpoints.ts";
import { jobEndpoints } from "./job-endpoints.ts";
import { keyEndpoints } from "./key-endpoints.ts";
import { promptEndpoints } from "./prompt-endpoints.ts";
import { runEndpoints } from "./run-endpoints.ts";
import { snippetEndpoints } from "./snippet-endpoints.ts";

/** The whole API of the daemon. */
export const api = {
  ...daemonEndpoints,
  ...hostEndpoints,
  ...jobEndpoints,
  ...keyEndpoints,
  ...promptEndpoints,
  ...runEndpoints,
  ...snippetEndpoints,
};

export type Api = typeof api;
export type EndpointName = keyof Api;
