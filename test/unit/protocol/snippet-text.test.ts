import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import {
  expandTemplate,
  type TemplateInput,
  templateProblem,
  usesHost,
  valueProblem,
} from "../../../protocol/snippet-text.ts";

const directory = mkdtempSync(join(tmpdir(), "hostrun-snippet-"));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const shells: readonly { readonly shell: string; readonly args: readonly string[] }[] = [
  { shell: "sh", args: ["-c"] },
  { shell: "bash", args: ["-c"] },
  { shell: "zsh", args: ["-fc"] },
  { shell: "mksh", args: ["-c"] },
  { shell: "busybox", args: ["sh", "-c"] },
  { shell: "fish", args: ["--no-config", "-c"] },
  { shell: "tcsh", args: ["-fc"] },
];
const text: TemplateInput = { name: "x", type: "text" };
const expanded = (template: string, value: string, inputs: readonly TemplateInput[] = [text]): string =>
  expandTemplate(template, inputs, { values: { x: value }, host: undefined });
/** What a shell prints, on its own in the directory. */
const printed = ({ shell, args }: (typeof shells)[number], command: string): string =>
  spawnSync(shell, [...args, command], {
    cwd: directory,
    env: { PATH: "/usr/bin:/bin", HOME: directory },
  }).stdout.toString();

const awkward = [
  "",
  "it's",
  "-rf /",
  "a b\tc",
  "$(touch pwned)",
  "`touch pwned`",
  "; touch pwned #",
  "' ; touch pwned ; '",
  "\\' ; touch pwned #",
  "\\",
  "'\\",
  '"; touch pwned; "',
  "!!",
  "!touch",
  "~",
  "*",
  "{a,b}",
  "=ls",
  "%1",
  "a\\nb",
  "${HOME}",
  "é ü 漢 🙂 '",
  "a^b",
  "<(touch pwned)",
];

test.each(shells)("whatever the value, $shell sees just that as one word", (shell) => {
  for (const value of awkward) {
    expect(printed(shell, expanded("/usr/bin/printf '%s|' a{{x}}b {{ x }}", value))).toBe(
      `a${value}b|${value}|`,
    );
  }
  expect(existsSync(join(directory, "pwned"))).toBe(false);
});

test("whatever the value, sh and bash see just that as one word, as a property", () => {
  const value = fc
    .string({ unit: "grapheme", maxLength: 30 })
    .filter((each) => valueProblem(text, each) === undefined);
  fc.assert(
    fc.property(value, (each) => {
      for (const shell of shells.slice(0, 2)) {
        expect(printed(shell, expanded("/usr/bin/printf '%s|' {{x}}", each))).toBe(`${each}|`);
      }
    }),
    { numRuns: process.env["TEST_FAULTS"] === "full" ? 2000 : 60 },
  );
}, 300_000);

test("wherever a template has a value that it may have, nothing of the value is run", () => {
  const piece = fc.constantFrom(
    "'",
    '"',
    "\\",
    "`",
    "$",
    "$(",
    ")",
    "((",
    "))",
    "${",
    "}",
    "#",
    " ",
    "\n",
    "<<",
    "E\n",
    ";",
    "a",
    "{{x}}",
    "{{x}}",
    "{{{{",
    "$'",
    "|",
    "&",
    "echo ",
    "${y:-",
    '"$(',
  );
  const canary = join(directory, "canary");
  const values = [
    "a[$(>canary)]",
    "$(>canary)",
    "'$(>canary)'",
    "'; >canary #",
    '";>canary #',
    "`>canary`",
    "x\\';>canary #",
  ];
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), fc.constantFrom(...values), (pieces, value) => {
      const template = `echo ${pieces.join("")} {{x}}`;
      fc.pre(templateProblem(template, [text]) === undefined);
      for (const shell of shells.slice(0, 2)) printed(shell, expanded(template, value));
      const isRun = existsSync(canary);
      rmSync(canary, { force: true });
      expect(isRun, template).toBe(false);
    }),
    { numRuns: process.env["TEST_FAULTS"] === "full" ? 5000 : 150 },
  );
}, 300_000);

test.each([
  ["echo '{{x}}'", /in quotes/],
  ['echo "{{x}}"', /in quotes/],
  ["echo a # {{x}}", /in a comment/],
  ["echo `ls {{x}}`", /in backquotes/],
  ["echo ${HOME:-{{x}}}", /in \$\{…\}/],
  ["echo $((1 + {{x}}))", /behind \(\(/],
  ['echo "$(echo " {{x}} ")"', /behind \$\(…\) in quotes/],
  ["echo ${y:-'}{{x}}'}", /behind \$\{…\}/],
  ["echo \\|#<<${\n {{x}}", /behind <</],
  ["cat <<END\n{{x}}\nEND", /behind <</],
  ["echo $'it\\'s {{x}}'", /behind \$'/],
  ["echo \\{{x}}", /behind a backslash/],
  ["echo {{y}}", /no input of it; where just that text is meant, write \{\{\{\{y\}\}/],
  ["echo {{host.nope}}", /no input/],
])(
  "a template is refused that has a value where a shell would not read it as a word: %s",
  (template, problem) => {
    expect(templateProblem(template, [text])).toMatch(problem);
  },
);

test("braces of docker and Go are the command's own, and {{{{ stands for two", () => {
  const command =
    "docker ps --format '{{.Names}} {{json .}}' {{{{end}} --name={{x}} 'a'\"b\"{{x}} $(cat {{x}}) \"$(date) ${HOME}\" {{x}} # it's";
  expect(templateProblem(command, [text])).toBeUndefined();
  expect(expanded(command, "a b")).toBe(
    "docker ps --format '{{.Names}} {{json .}}' {{end}} --name='a b' 'a'\"b\"'a b' $(cat 'a b') \"$(date) ${HOME}\" 'a b' # it's",
  );
});

test("a secret is a variable, a number is bare, and the host's values are words", () => {
  const inputs: TemplateInput[] = [
    { name: "token", type: "secret" },
    { name: "n", type: "number" },
  ];
  const command = "deploy {{token}} -n {{n}} {{host.name}}:{{host.port}} {{host.group}}";
  const host = { name: "web1", address: "10.0.0.1", user: "me", port: "22", group: "prod web" };
  expect(usesHost(command)).toBe(true);
  expect(expandTemplate(command, inputs, { values: { n: "-5", token: "never" }, host })).toBe(
    "deploy \"$HOSTRUN_INPUT_token\" -n -5 web1:22 'prod web'",
  );
});

test.each([
  [{ name: "x", type: "number" }, "1; rm", /number/],
  [{ name: "x", type: "number", min: 3 }, "2", /at least 3/],
  [{ name: "x", type: "number", max: 3 }, "4", /at most 3/],
  [{ name: "x", type: "choice", choices: ["a", "b"] }, "c", /one of: a, b/],
  [{ name: "x", type: "text" }, "a\nb", /one line/],
] as const)("a value that does not fit is refused: %j", (input, value, problem) => {
  expect(valueProblem(input, value)).toMatch(problem);
});
