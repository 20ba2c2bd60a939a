/**
 * The first repeated name in one object of `text`, which is JSON: of two values the one that was meant is not
 * known, and who looked at the request before may have believed the other (RFC 8259, section 4).
 */
export function repeatedMember(text: string): string | undefined {
  /** Of the objects that are open: their names so far; undefined for an array. */
  const open: (Set<string> | undefined)[] = [];
  let lastString = "";
  for (let at = 0; at < text.length; at += 1) {
    switch (text.charAt(at)) {
      case '"': {
        const end = endOfString(text, at);
        lastString = text.slice(at, end + 1);
        at = end;
        break;
      }
      case "{":
        open.push(new Set());
        break;
      case "[":
        open.push(undefined);
        break;
      case "}":
      case "]":
        open.pop();
        break;
      case ":": {
        const name = String(JSON.parse(lastString));
        const names = open.at(-1);
        if (names?.has(name) === true) return name;
        names?.add(name);
        break;
      }
      default:
    }
  }
  return undefined;
}

function endOfString(text: string, start: number): number {
  let at = start + 1;
  while (text[at] !== '"') at += text[at] === "\\" ? 2 : 1;
  return at;
}
