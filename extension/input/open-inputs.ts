const open = new Set<object>();

/** To be called when an input is shown. Returns what is to be called when it closes. */
export function inputOpened(input: object): () => void {
  open.add(input);
  return () => open.delete(input);
}

/** Whether the user is being asked something: nothing may take the focus from that input. */
export function isInputOpen(): boolean {
  return open.size > 0;
}
