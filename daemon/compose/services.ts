import type { Hosts } from "./hosts.ts";
import type { Runs } from "./runs.ts";
import type { Storage } from "./storage.ts";
import type { Transport } from "./transport.ts";

/** All parts of the daemon below HTTP. */
export type Services = Storage & Hosts & Transport & Runs;
