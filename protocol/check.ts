/**
 * Hand-written checks for a process that must start fast: building zod's schemas of the API takes longer than a whole
 * `hostrun run`.
 */
export type Check = (value: unknown) => boolean;

export const isText: Check = (value) => typeof value === "string";
export const isFlag: Check = (value) => typeof value === "boolean";
export const isWhole: Check = (value) => Number.isSafeInteger(value);
export const isSize: Check = (value) =>
  typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
/** ISO 8601 in UTC. */
export const isInstant: Check = (value) =>
  typeof value === "string" && value.endsWith("Z") && !Number.isNaN(Date.parse(value));

export function isOneOf(...known: readonly unknown[]): Check {
  return (value) => known.includes(value);
}

export function isNullOr(check: Check): Check {
  return (value) => value === null || check(value);
}

export function isMissingOr(check: Check): Check {
  return (value) => value === undefined || check(value);
}

export function isListOf(check: Check): Check {
  return (value) => Array.isArray(value) && value.every(check);
}

/** An object with these members; additional members are ignored. */
export function isObjectWith(members: Readonly<Record<string, Check>>): Check {
  return (value) =>
    typeof value === "object" &&
    value !== null &&
    Object.entries(members).every(([name, check]) => check(Reflect.get(value, name)));
}
