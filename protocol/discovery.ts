import { isInstant, isNullOr, isObjectWith, isText, isWhole } from "./check.ts";

/**
 * The version of the API. A client and a daemon with different versions use only `health`, `version` and `shutdown`,
 * which never change.
 */
export const protocolVersion = 1;

/** The exit status of a daemon that found another one already running (EX_TEMPFAIL of sysexits.h). */
export const placeTakenStatus = 75;

/** The content of daemon.json (mode 0600): how to reach the daemon of this state directory. */
export interface Discovery {
  readonly pid: number;
  readonly version: string;
  readonly protocol: number;
  readonly socket: string;
  readonly url: string | null;
  readonly token: string;
  readonly startedAt: string;
}

const isWhatDaemonsWrite = isObjectWith({
  pid: (pid) => typeof pid === "number" && Number.isSafeInteger(pid) && pid > 0,
  version: isText,
  protocol: isWhole,
  socket: isText,
  url: isNullOr(isText),
  token: isText,
  startedAt: isInstant,
});

/** Returns undefined for content that no daemon writes. */
export function parseDiscovery(content: unknown): Discovery | undefined {
  return isDiscovery(content) ? content : undefined;
}

function isDiscovery(content: unknown): content is Discovery {
  return isWhatDaemonsWrite(content);
}
