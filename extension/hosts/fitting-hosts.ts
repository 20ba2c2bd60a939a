import type { Host } from "../../protocol/host.ts";

/** The hosts in which every word of the text occurs, in any field. */
export function fittingHosts(hosts: readonly Host[], text: string): readonly Host[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  return words.length === 0 ? hosts : hosts.filter((host) => words.every((word) => holds(host, word)));
}

function holds({ name, address, user, group, tags }: Host, word: string): boolean {
  return [name, address, user ?? "", group ?? "", ...tags].some((part) => part.toLowerCase().includes(word));
}
