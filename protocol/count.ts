/** `1 run`, `2 runs`. `plural`: for what takes more than an s, such as `2 runs are`. */
export function formatCount(count: number, noun: string, plural = `${noun}s`): string {
  return `${count} ${count === 1 ? noun : plural}`;
}
