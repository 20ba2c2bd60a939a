/** A pattern, and how its parts match the letters of a name. */
export interface Pattern {
  /** Whether the part at this index matches any text. */
  readonly isStar: (at: number) => boolean;
  /** Whether the part at this index, which is no star, matches the letter at `position`. */
  readonly fits: (at: number, position: number) => boolean;
}

/** Whether a pattern of `parts` parts matches a whole name. Only the latest star is ever extended: no pattern is slow. */
export function matchesPattern(parts: number, letters: number, { isStar, fits }: Pattern): boolean {
  let at = 0;
  let star = -1;
  let resumeAt = 0;
  let position = 0;
  while (position < letters) {
    if (at < parts && isStar(at)) {
      star = at;
      at += 1;
      resumeAt = position;
    } else if (at < parts && fits(at, position)) {
      at += 1;
      position += 1;
    } else if (star === -1) {
      return false;
    } else {
      at = star + 1;
      resumeAt += 1;
      position = resumeAt;
    }
  }
  while (at < parts && isStar(at)) at += 1;
  return at === parts;
}

/** `*` matches any text and `?` any letter, as in OpenSSH's match.c. */
export function matchesWildcard(pattern: string, name: string): boolean {
  if (!pattern.includes("*") && !pattern.includes("?")) return pattern === name;
  return matchesPattern(pattern.length, name.length, {
    isStar: (at) => pattern[at] === "*",
    fits: (at, position) => pattern[at] === "?" || pattern[at] === name[position],
  });
}

/** A comma-separated list, in which `!` negates a pattern (match.c, match_pattern_list). */
export function matchesWildcardList(list: string, name: string): boolean {
  let matched = false;
  for (const pattern of list.split(",")) {
    const negated = pattern.startsWith("!");
    if (!matchesWildcard(negated ? pattern.slice(1) : pattern, name)) continue;
    if (negated) return false;
    matched = true;
  }
  return matched;
}
