interface Named {
  readonly type: string;
  /** From 0, which excludes the type, to 1. */
  readonly quality: number;
}

/**
 * Returns the media type that an Accept header prefers among those `offered`, which are in lower case (RFC 9110,
 * section 12.5.1); among equals, the first. A wildcard matches none.
 */
export function acceptedType(accept: string | undefined, offered: readonly string[]): string | undefined {
  const named = (accept ?? "").split(",").map(parseRange);
  const found = offered.flatMap((type) => named.find((each) => each.type === type && each.quality > 0) ?? []);
  return found.toSorted((one, other) => other.quality - one.quality)[0]?.type;
}

function parseRange(range: string): Named {
  const [type = "", ...parameters] = range.split(";").map((part) => part.trim().toLowerCase());
  const [, quality = "1"] = parameters.join(";").match(/(?:^|;)q=([\d.]+)/) ?? [];
  return { type, quality: Number(quality) };
}
