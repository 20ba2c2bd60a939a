/** A position in an event stream: `epoch.seq`. */
export function parseEventId(id: string): { epoch: string; seq: number } | undefined {
  const match = /^([0-9a-z]{1,32})\.(\d{1,15})$/.exec(id);
  return match === null ? undefined : { epoch: match[1] ?? "", seq: Number(match[2]) };
}
