import type { HostTransport } from "../../protocol/host.ts";

/** What the tests' hosts are connected to by: vitest.config.ts runs some of the tests over either transport. */
export const testTransport: HostTransport = process.env["TEST_TRANSPORT"] === "openssh" ? "openssh" : "auto";
