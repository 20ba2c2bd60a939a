import { beforeEach, expect, test, vi } from "vitest";
import { UsageError } from "../../../cli/command.ts";
import { parseFormat, showAll, showOne } from "../../../cli/format.ts";

const written: string[] = [];
vi.spyOn(process.stdout, "write").mockImplementation((text) => written.push(text.toString()) > 0);
beforeEach(() => void written.splice(0));

const run = {
  id: "a1",
  host: { name: "web1" },
  tags: ["x", "y"],
  exitCode: 0,
  problem: null,
  command: "a\nb\u001b[31m",
};

test.each([
  ["{{.id}}", "a1\n"],
  [String.raw`{{.id}}\t{{ .host.name }}:`, "a1\tweb1:\n"],
  ["{{.tags}} {{.exitCode}} {{.host}}", 'x,y 0 {"name":"web1"}\n'],
  ["[{{.problem.code}}]", "[]\n"],
  ["{{.command}}", String.raw`a\nb\e[31m` + "\n"],
])("the template %s gives %j", (format, expected) => {
  showOne(parseFormat({ format }), run, () => "for a person");
  expect(written.join("")).toBe(expected);
});

test("a list is a line of the template each, JSON as a whole, or as it is for a person", () => {
  const items = [{ id: "a" }, { id: "b" }];
  showAll(parseFormat({ format: "{{.id}}" }), items, () => "for a person\n");
  showAll(parseFormat({ json: true }), items, () => "for a person\n");
  showAll(parseFormat({ format: "json" }), items, () => "for a person\n");
  showAll(parseFormat({}), items, () => "for a person\n");
  const json = '[{"id":"a"},{"id":"b"}]\n';
  expect(written.join("")).toBe(`a\nb\n${json}${json}for a person\n`);
});

test("a field that there is not, and what is no template, is wrong usage", () => {
  const show = (format: string) => () => showOne(parseFormat({ format }), run, () => "");
  expect(show("{{.exitCod}}")).toThrow(new UsageError("Unknown field: .exitCod. Did you mean .exitCode?"));
  expect(show("{{.toString}}")).toThrow(UsageError);
  expect(show("{{.id")).toThrow(UsageError);
  expect(show("{{range .}}")).toThrow(UsageError);
  expect(show("csv")).toThrow(UsageError);
  expect(() => parseFormat({ json: true, format: "json" })).toThrow(UsageError);
});
