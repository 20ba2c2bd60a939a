/** A label with its placeholders `{0}`, `{1}` filled in. */
export function fillLabel(text: string, ...values: readonly (string | number)[]): string {
  return text.replace(/\{(\d)\}/g, (hole, index) => String(values[Number(index)] ?? hole));
}
