import type { Daemon } from "./daemon.ts";

/**
 * The options that a daemon was started with, for one in its place; settings from elsewhere are found there again. On TCP the
 * address is the one that it has. A URL that holds a secret is not told, and left out.
 */
export async function startedWith(daemon: Pick<Daemon, "call" | "discovery">): Promise<string[]> {
  const { values, sources } = await daemon.call("getSettings");
  const { url } = daemon.discovery;
  const listen = url === null ? {} : { listen: new URL(url).host };
  return Object.entries({ ...values, ...listen }).flatMap(([name, value]) => {
    const isTold = value !== null && !String(value).includes("***");
    return sources[name] === "flag" && isTold ? [optionOf(name), String(value)] : [];
  });
}

/** Of options of a daemon, those but for one. */
export function withoutOption(options: readonly string[], name: string): string[] {
  const at = options.indexOf(name);
  return at < 0 ? [...options] : options.toSpliced(at, 2);
}

function optionOf(setting: string): string {
  return `--${setting.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}
