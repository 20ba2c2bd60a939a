import { afterEach, expect, test, vi } from "vitest";
import { printJson, warn, warnOf } from "../../../cli/console.ts";

const written: string[] = [];
const write = (text: string | Uint8Array): boolean => written.push(text.toString()) > 0;
vi.spyOn(process.stderr, "write").mockImplementation(write);
vi.spyOn(process.stdout, "write").mockImplementation(write);
afterEach(() => void written.splice(0));

const forged = "bye\nhostrun: forged\u001b[2J\u202e";
const seen = String.raw`bye\nhostrun: forged\e[2J\u{202e}`;

test("a message is one line, wherever its text is from, and the lines that belong to it are lines of their own", () => {
  warn(forged);
  warn("First", `  ${forged}`);
  expect(written.join("")).toBe(`hostrun: ${seen}\nhostrun: First\n  ${seen}\n`);
});

test("nothing in a problem can be taken for another one", () => {
  const issues = [{ path: forged, message: "is not known here" }];
  warnOf({ message: forged, members: { host: "web1", issues, written: [forged] } });
  // The message names the host and the fields.
  expect(written.join("")).toBe(`hostrun: ${seen}\n  ${seen}\n`);
});

test("of a changed host key both are told once, one below the other, and how to remove the old ones", () => {
  const old = { keyType: "ssh-rsa", fingerprint: "SHA256:old", at: "/k/own:1", remove: "hostrun remove" };
  const { remove: _, ...elsewhere } = { ...old, at: "/k/theirs:3" };
  const expected = [old, { ...old, at: "/k/own:2" }, elsewhere];
  const members = { host: "web1", hop: "ann@gate:22", keyType: "ssh-ed25519", fingerprint: "SHA256:new" };
  warnOf({ message: "SHA256:old SHA256:new", members: { ...members, expected } });
  const [first = "", ...lines] = written.join("").split("\n");
  expect(first).toMatch(/^hostrun: web1: The host key of ann@gate:22 has changed\./);
  expect(lines).toEqual([
    "  on record: ssh-rsa SHA256:old  /k/own:1",
    "  on record: ssh-rsa SHA256:old  /k/own:2",
    "  on record: ssh-rsa SHA256:old  /k/theirs:3",
    "  now:       ssh-ed25519 SHA256:new",
    "  to remove: hostrun remove",
    "  to remove: edit /k/theirs:3, which may name other hosts, too",
    "",
  ]);
});

test("JSON says the same, and all of it can be seen", () => {
  printJson({ forged });
  const [text = ""] = written;
  expect(text).toMatch(/^[ -~]+\n$/);
  expect(JSON.parse(text)).toEqual({ forged });
});
