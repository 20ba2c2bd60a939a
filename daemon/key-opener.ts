import { parentPort, workerData } from "node:worker_threads";
import { openPrivateKey } from "./ssh/auth/private-key.ts";

/** The thread that opens one encrypted private key (see ssh/auth/open-key.ts), which may take seconds of CPU time. */
const given: unknown = workerData;
const block: unknown = Reflect.get(Object(given), "block");
const passphrase: unknown = Reflect.get(Object(given), "passphrase");
const opened =
  typeof block === "string" && typeof passphrase === "string" ? openPrivateKey(block, passphrase) : undefined;
parentPort?.postMessage(opened ?? null);
