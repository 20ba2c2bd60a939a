import { afterEach, expect, test, vi } from "vitest";
import { printJson, warn, warnOf } from "../../../cli/console.ts";

const written: string[] = [];
const write = (text: string | Uint8Array): boolean => written.push(text.toString()) > 0;
vi.spyOn(process.stderr, "write").mockImplementation(write);
vi.spyOn(process.stdout, "write").mockImplementation(write);
afterEach(() => void written.splice(0));

const forged = "bye\nhostrun: forged\u001b[2J\u202e";
const seen = String.raw`bye\nhostrun: forged\e[2J\u{202e}`;

test("what is told is one line, whoever said it, and those that belong to it are lines of their own", () => {
  warn(forged);
  warn("First", `  ${forged}`);
  expect(written.join("")).toBe(`hostrun: ${seen}\nhostrun: First\n  ${seen}\n`);
});

test("nothing in a problem can be taken for another one", () => {
  const issues = [
    { path: forged, message: "is not known here" },
    { path: "", message: forged },
  ];
  warnOf({ message: forged, members: { host: "web1", issues, written: [forged] } });
  // What the first line says is not said again.
  const more = [`${seen}: is not known here`, seen].map((line) => `  ${line}\n`);
  expect(written.join("")).toBe(`hostrun: web1: ${seen}\n${more.join("")}`);
});

test("JSON says the same, and all of it can be seen", () => {
  printJson({ forged });
  const [text = ""] = written;
  expect(text).toMatch(/^[ -~]+\n$/);
  expect(JSON.parse(text)).toEqual({ forged });
});
