const parts = 10;

/**
 * Calls `late` once, when an answer has been waited for so long; `clearInterval` ends the wait. Only time counts in which the
 * answer could be read: a busy event loop calls its timers first, and would find late what arrived long ago.
 */
export function readDeadline(timeoutMs: number, late: () => void): NodeJS.Timeout {
  let left = parts;
  // An interval makes up for no round that it missed, and between two rounds the loop reads.
  const timer = setInterval(() => {
    left -= 1;
    if (left > 0) return;
    clearInterval(timer);
    late();
  }, timeoutMs / parts);
  return timer;
}
