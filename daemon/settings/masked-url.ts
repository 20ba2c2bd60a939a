/** What stands for a secret that is not shown. */
const mask = "***";

/** Parameters of a Redis URL that hold no secret; ioredis takes any of its options there, passwords among them. */
const harmless = new Set([
  "also",
  "db",
  "family",
  "connectTimeout",
  "commandTimeout",
  "connectionName",
  "keyPrefix",
  "tls",
]);

/** A Redis URL with everything that is a secret, or may be one, shown as `***`. */
export function maskedUrl(url: string): string {
  const shown = new URL(url);
  const { username, password, pathname, hash, searchParams, protocol } = shown;
  if (password !== "") shown.password = mask;
  else if (username !== "") shown.username = mask;
  // The number of a database, behind the name that sentinels know; anything else is a password that was not encoded.
  const isKnown = protocol.endsWith("+sentinel:") ? /^\/[\w.-]+(?:\/\d+)?$/ : /^\/?\d*$/;
  if (!isKnown.test(pathname)) shown.pathname = `/${mask}`;
  for (const name of new Set(searchParams.keys())) if (!harmless.has(name)) searchParams.set(name, mask);
  if (hash !== "") shown.hash = mask;
  return shown.href;
}

/** Whether something in the URL only stands for a secret. */
export function isMasked(url: string): boolean {
  if (!URL.canParse(url)) return false;
  const { username, password, pathname, hash, searchParams } = new URL(url);
  return [username, password, pathname.slice(1), hash.slice(1), ...searchParams.values()].includes(mask);
}
