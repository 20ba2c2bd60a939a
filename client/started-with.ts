import type { Daemon } from "./daemon.ts";

/**
 * The options that a daemon was started with, for its replacement; settings from other sources are found there again.
 * For TCP, the address is the actual one. A URL with a secret is not exposed, and is left out.
 */
export async function startedWith(daemon: Pick<Daemon, "call" | "discovery">): Promise<string[]> {
  const { values, sources } = await daemon.call("getSettings");
  const { url } = daemon.discovery;
  const listen = url === null ? {} : { listen: new URL(url).host };
  return Object.entries({ ...values, ...listen }).flatMap(([name, value]) => {
    const isTold = !String(value).includes("***");
    return sources[name] === "flag" && isTold ? [optionOf(name), String(value)] : [];
  });
}

/** A daemon's options without the one named. */
export function withoutOption(options: readonly string[], name: string): string[] {
  const at = options.indexOf(name);
  return at < 0 ? [...options] : options.toSpliced(at, 2);
}

function optionOf(setting: string): string {
  return `--${setting.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}
