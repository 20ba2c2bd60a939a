import type { ProblemCode } from "../../protocol/problem-codes.ts";

/** Why there is no connection to a host, and the name of one in the tests of the contract. */
export const failingHosts: readonly (readonly [ProblemCode, string])[] = [
  ["host_unknown", "nobody"],
  ["host_unreachable", "refused"],
  ["authentication_failed", "nouser"],
  ["identity_file_missing", "nokey"],
  ["identity_file_unreadable", "textkey"],
];
