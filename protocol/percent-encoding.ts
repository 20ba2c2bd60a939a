/** Whether `text` can be decoded: every % begins an encoded byte, and these bytes are UTF-8. */
export function isPercentEncoded(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}
