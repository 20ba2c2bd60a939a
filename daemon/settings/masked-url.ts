/** Replaces a secret that is not shown. */
const mask = "***";

/** Parameters of a Redis URL that contain no secret; ioredis accepts all of its options there, including passwords. */
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

/** A Redis URL with everything that is or may be a secret replaced by `***`. */
export function maskedUrl(url: string): string {
  const shown = new URL(url);
  const { username, password, pathname, hash, searchParams, protocol } = shown;
  if (password !== "") shown.password = mask;
  else if (username !== "") shown.username = mask;
  // The database number, which with sentinels follows the master's name; anything else is an unencoded password.
  const isKnown = protocol.endsWith("+sentinel:") ? /^\/[\w.-]+(?:\/\d+)?$/ : /^\/?\d*$/;
  if (!isKnown.test(pathname)) shown.pathname = `/${mask}`;
  for (const name of new Set(searchParams.keys())) if (!harmless.has(name)) searchParams.set(name, mask);
  if (hash !== "") shown.hash = mask;
  return shown.href;
}

/** Whether part of the URL is a masked secret. */
export function isMasked(url: string): boolean {
  if (!URL.canParse(url)) return false;
  const { username, password, pathname, hash, searchParams } = new URL(url);
  return [username, password, pathname.slice(1), hash.slice(1), ...searchParams.values()].includes(mask);
}
