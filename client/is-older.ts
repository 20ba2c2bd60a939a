/** Whether one version precedes another (semver.org, section 11); false if either is invalid. */
export function isOlder(version: string, than: string): boolean {
  if (version === than) return false;
  const [one, other] = [parse(version), parse(than)];
  if (one === undefined || other === undefined) return false;
  for (const [index, number] of one.numbers.entries()) {
    const against = other.numbers[index] ?? 0;
    if (number !== against) return number < against;
  }
  // A pre-release precedes its release.
  if (one.before === undefined || other.before === undefined) {
    return one.before !== undefined && other.before === undefined;
  }
  return one.before.localeCompare(other.before, "en", { numeric: true }) < 0;
}

function parse(version: string): { numbers: readonly number[]; before: string | undefined } | undefined {
  const match = /^(\d{1,9})\.(\d{1,9})\.(\d{1,9})(?:-([\w.-]{1,64}))?(?:\+[\w.-]*)?$/.exec(version);
  if (match === null) return undefined;
  return { numbers: match.slice(1, 4).map(Number), before: match[4] };
}
