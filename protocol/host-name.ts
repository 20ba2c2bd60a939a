import { isIpv6Address, type NameRules, parseJump } from "./destination.ts";

/** Letters that look the same as ASCII letters, with those letters below them in the same order. */
const lookalikes = "АВЕЅІЈКМНОРСТХҮаеѕіјорсухһԁԛԝΑΒΕΖΗΙΚΜΝΟΡΤΥΧονıɑɡ";
const likenesses = "ABESIJKMHOPCTXYaesijopcyxhdqwABEZHIKMNOPTYXoviag";

/**
 * The rules for new host names in addition to OpenSSH's own: a name must not mean another host, or several, where
 * hosts are named. A host that already has such a name keeps it.
 */
export const newHostNameRules: NameRules = [
  {
    holds: (name) => !/^\d+$/.test(name),
    message: "must not be a number alone, which means the host of this id: add a letter",
  },
  { holds: (name) => name !== "all", message: "must not be all, which means every host" },
  {
    holds: (name) => !/^(?:tag|group):/.test(name),
    message: "must not begin with tag: or group:, which mean the hosts of a tag or a group",
  },
  { holds: (name) => !name.startsWith("!"), message: "must not begin with !, which excludes a host" },
  { holds: (name) => !name.includes("@"), message: "must not contain @, which follows a user name" },
  {
    holds: (name) => !/[*?[\]]/.test(name),
    message: "must not contain *, ?, [ or ], which make it a pattern",
  },
  { holds: (name) => !name.includes("/"), message: "must not contain a slash" },
  {
    holds: (name) => !name.includes(":") || isIpv6Address(name),
    message: "must not contain a colon, which precedes a port, unless it is an IPv6 address",
  },
  { holds: (name) => !/^\.\.?$/.test(name), message: "must not be a directory" },
  { holds: looksLikeItself, message: "must not contain letters that look like others" },
];

/** Whether a word means a host other than the one with this name: `user@host`, `host:port`, an ssh URI. */
export function isOtherDestination(word: string): boolean {
  const host = parseJump(word)?.host;
  return host !== undefined && host !== word;
}

/** Whether a word means, as a target, hosts other than the one with this name. */
export function isTargetSyntax(word: string): boolean {
  return word === "all" || /^(?:tag|group):|^[!@]|[*?[\]]/.test(word) || isOtherDestination(word);
}

function looksLikeItself(name: string): boolean {
  if (/^\p{ASCII}*$/u.test(name)) return true;
  const isPlain = !/\p{Default_Ignorable_Code_Point}|(?!\p{ASCII})\p{P}/u.test(name);
  const isMixed =
    /\p{Script=Latin}/u.test(name) && /[\p{sc=Cyrl}\p{sc=Grek}\p{sc=Armn}\p{sc=Cher}]/u.test(name);
  return isPlain && !isMixed && name.normalize("NFKC") === name && !/^\p{ASCII}*$/u.test(likeness(name));
}

function likeness(name: string): string {
  return [...name].map((letter) => likenesses[lookalikes.indexOf(letter)] ?? letter).join("");
}
