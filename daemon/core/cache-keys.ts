/** What the keys of results begin with in the cache; others are of runs' processes. */
export const resultPrefix = "result:";
