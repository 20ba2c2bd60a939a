/** The prefix of results' keys in the cache; other keys are for runs' processes. */
export const resultPrefix = "result:";
