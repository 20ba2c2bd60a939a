import * as z from "zod";

/** The version of the API; a client and a daemon of different ones do not talk. */
export const protocolVersion = 1;

/** What daemon.json holds (mode 0600): how to reach the daemon of this state directory. */
export const Discovery = z.object({
  pid: z.int().positive(),
  version: z.string(),
  protocol: z.int(),
  socket: z.string(),
  url: z.string().nullable(),
  token: z.string(),
  startedAt: z.iso.datetime(),
});
export type Discovery = z.infer<typeof Discovery>;
