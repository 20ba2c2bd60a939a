import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import {
  expandTemplate,
  type TemplateInput,
  templateProblem,
  unusedInputs,
  usesHost,
  valueProblem,
} from "../../../protocol/snippet-text.ts";

const directory = mkdtempSync(join(tmpdir(), "hostrun-snippet-"));
/** Where the program `show` puts its arguments, each behind itself a NUL. */
const log = join(directory, "log");
const show = '#!/bin/sh\n[ $# = 0 ] || printf \'%s\\0\' "$@" >>"$LOG"\n';
writeFileSync(join(directory, "show"), show, { mode: 0o755 });
/** Where the shells run. */
const work = join(directory, "work");
mkdirSync(work);
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const shells: readonly { readonly shell: string; readonly args: readonly string[] }[] = [
  { shell: "sh", args: ["-c"] },
  { shell: "bash", args: ["-c"] },
  { shell: "zsh", args: ["-fc"] },
  { shell: "mksh", args: ["-c"] },
  { shell: "busybox", args: ["sh", "-c"] },
  { shell: "ksh", args: ["-c"] },
  { shell: "fish", args: ["--no-config", "-c"] },
  { shell: "tcsh", args: ["-fc"] },
];
const text: TemplateInput = { name: "x", type: "text" };
const expanded = (template: string, value: string, inputs: readonly TemplateInput[] = [text]): string =>
  expandTemplate(template, inputs, { values: { x: value }, host: undefined });
/** What a shell prints, on its own in the directory. */
const printed = ({ shell, args }: (typeof shells)[number], command: string): string =>
  spawnSync(shell, [...args, command], {
    cwd: work,
    env: { PATH: `${directory}:/usr/bin:/bin`, HOME: directory, LOGNAME: "me", LOG: log },
    timeout: 20_000,
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
  "2",
  "if",
  "a,b",
  "a\u00a0b",
];

test.each(shells)("whatever the value, $shell sees just that as one word", (shell) => {
  const inputs = awkward.map((_, at): TemplateInput => ({ name: `x${at}`, type: "text" }));
  const values = Object.fromEntries(awkward.map((value, at) => [`x${at}`, value]));
  const words = inputs.map(({ name }) => `a{{${name}}}b {{ ${name} }}`).join(" ");
  const command = expandTemplate(`/usr/bin/printf '%s|' ${words}`, inputs, { values, host: undefined });
  expect(printed(shell, command)).toBe(awkward.map((value) => `a${value}b|${value}|`).join(""));
  expect(existsSync(join(work, "pwned"))).toBe(false);
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

/** What stands around a value: much of it must be refused, and what is not must hold in every shell. */
const pieces = [
  ..."' \" \\ ` $ $( ) (( )) ( ${ } { # << ; | & ! ~ * ? = [ ] ^ % , : @ - + / . 2 > < >& <& >> &> 2>&1 && || ;; <( =( $' $[ !! !$".split(
    " ",
  ),

  "\n",
  "\r",
  "\v",
  "\f",
  "\u00a0",
  "\t",
  "\\\n",
  "é",
  "{{{{",
  "{a,",
  "{1..",
  "${y:-",
  "${y}",
  "$LOGNAME",
  "$a[",
  '"$(',
  "a[",
  "a[",

  "'it'",
  '"a b"',
  '"$y"',
  "'%s'",
  "\\'",
  '\\"',
  "`date`",
  "# it's\n",
  "#'",
  "a",
  "x=",
  "RANDOM=",
  "--name=",
  "out",

  "echo ",
  "let ",
  "declare ",
  "declare -i n=",
  "[[ ",
  " ]]",
  "[ ",
  " ]",
  " -gt 5",
  " -d ",
  "test ",
  "printf ",
  "if ",
  "then ",

  "time ",
  "eval ",
  "read ",
  "export ",
  "env ",
  "command ",
  "fi",
  "do ",
  "for i in ",
  "case ",
  " in ",
  "esac",
  "cd ",
  "exec ",
];
const piece = fc.oneof(
  fc.constantFrom(...pieces),
  fc.constantFrom(
    " ",
    " ",
    "{{x}}",
    "{{x}}",
    " {{x}} ",
    " {{x}} ",
    "show ",
    "\nshow ",
    "; show ",
    "| show ",
    "$(show {{x}})",
    "> {{x}} ",
  ),
);
const hostile = [
  "a[$(>canary)]MARK",
  "$(>canary)MARK",
  "MARK'$(>canary)'",
  "MARK'; >canary #",
  'MARK";>canary #',
  "`>canary`MARK",
  "MARK\\';>canary #",
  "MARK $LOGNAME {1,2} ~ * !! ;>canary",
  "MARK\u00a0#",
];
const isFull = process.env["TEST_FAULTS"] === "full";

test("wherever a template has a value that it may have, it is one word, and nothing of it is run", () => {
  const canary = join(work, "canary");
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 8 }), fc.constantFrom(...hostile), (parts, value) => {
      const template = `show ${parts.join("")} {{x}}`;
      fc.pre(templateProblem(template, [text]) === undefined);
      const words = template.split(/[ \t\n;|&()<>]+/).map((word) => word.replaceAll("{{x}}", value));
      for (const shell of isFull ? shells : shells.slice(0, 3)) {
        rmSync(log, { force: true });
        rmSync(work, { recursive: true });
        mkdirSync(work);
        printed(shell, expanded(template, value));
        const shown = existsSync(log) ? readFileSync(log, "utf8").split("\0") : [];
        const isRun = existsSync(canary);
        expect(isRun, `${shell.shell}: ${template}`).toBe(false);
        for (const word of shown.filter((each) => each.includes("MARK"))) {
          expect(words, `${shell.shell}: ${template}`).toContain(word);
        }
      }
    }),
    { numRuns: Number(process.env["TEST_SNIPPET_RUNS"] ?? (isFull ? 1000 : 60)) },
  );
}, 3_600_000);

test.each([
  "show {{x}}",
  "cd / && show --name={{x}} a/{{x}}.txt {{x}}:{{x}}; show -n {{x}}",
  'show "a b" \'c\\n\' "$LOGNAME" ${HOME} /bi* {{x}} >/dev/null 2>&1 &\nwait',
  "if [ -e / ]; then show {{x}}; fi",
  "{ show {{x}}; } | cat",
  "(show {{x}})",
  "env LC_ALL=C show \\\n  --to {{x}} \\\n  {{x}}",
  "# what it is for\nshow a#b {{x}} # it's",
  "command show {{x}}",
])("what is read alike is taken: %j", (template) => {
  expect(templateProblem(template, [text])).toBeUndefined();
  const value = "it's $(id); `id` !! \\ \"a\tb";
  for (const shell of shells.slice(0, 4)) {
    rmSync(log, { force: true });
    printed(shell, expanded(template, value));
    const shown = readFileSync(log, "utf8").split("\0");
    expect(shown.filter((word) => word.includes(value)).length, shell.shell).toBeGreaterThan(0);
  }
});

test.each([
  "awk '!/^x/ {print $1}' {{x}}",
  '[ -d {{x}} ] || mkdir -p {{x}} && [[ "$a" == {{x}} ]]',
  "printf '%s %-5s\\n' {{x}} \"$(date +%s)\" | tee {{x}} >> {{x}} < {{x}}",
  "sudo -u me sh -c 'echo \"$1\"' sh {{x}}",
  "find {{x}} -name '*.log' -exec rm {} \\; -o -name {{x}}",
  "docker ps --format {{.Names}} --filter name={{x}}",
  "echo 'Größe' $(cat {{x}}) {{x}}",
  "[ {{n}} -gt 5 ] && let a={{n}} && n={{n}}; exit {{n}}",
])("what people write is taken: %s", (template) => {
  expect(templateProblem(template, [text, { name: "n", type: "number" }])).toBeUndefined();
});

test.each([
  ["echo '{{x}}'", /in quotes/],
  ['echo "{{x}}"', /in quotes/],
  ["echo a # {{x}}", /in a comment/],
  ["echo `ls {{x}}`", /in backquotes/],
  ["echo ${HOME:-{{x}}}", /in \$\{…\}/],
  ["echo $((1 + {{x}}))", /behind \$\(\(1/],
  ['echo "$(echo " {{x}} ")"', /which not every shell reads alike/],
  ["echo ${y:-'}{{x}}'}", /behind \$\{y/],
  ["echo \\|#<<${\n {{x}}", /behind <</],
  ["cat <<END\n{{x}}\nEND", /behind <</],
  ["echo $'it\\'s {{x}}'", /behind \$'/],
  ["echo \\{{x}}", /behind a backslash/],
  ["echo rm -rf /srv/$LOGNAME{{x}}", /joined to \/srv\/\$LOGNAME/],
  ["echo $${{x}}", /joined to|behind/],
  ["echo ${{x}}", /behind \$/],
  ["echo lines {{n}}>&2", /joined to >&2/],
  ["echo {{x}}>out", /joined to >out/],
  ["echo {{x}}&>out", /joined to &>out/],
  ["echo >&{{x}}", /behind >&/],
  ["echo ~{{x}}", /joined to ~/],
  ["echo ={{x}}", /joined to =/],
  ["echo {1..{{n}}}", /joined to \{1/],
  ["echo {a,{{x}}}", /joined to \{a,/],
  ["echo {{x}}{{x}}", /joined to another value/],
  ["echo 'a'{{x}}", /joined to a/],
  ["echo {{x}}'a'", /joined to 'a'/],
  ["echo {{x}}(.)", /joined to \(/],
  ["echo $a[{{x}}]", /behind \$a\[/],
  ["{{x}} -v", /place of a command's name/],
  ["true; {{x}}", /place of a command's name/],
  ["time {{x}}", /place of a command's name/],
  ["RANDOM={{x}}", /what a variable is set to/],
  ["a[{{x}}]=1", /joined to a\[/],
  ["a[ {{x}} ]=1", /behind a\[/],
  ["b=2 a[ {{x}} ]=1", /behind a\[/],
  ["a=([{{x}}]=1)", /behind \(/],
  ["[[ {{x}} -gt 5 ]]", /as a word of \[\[/],
  ["[ 5 -lt {{x}} ]", /as a word of \[/],
  ["test -v {{x}}", /as a word of test/],
  ["let {{x}}", /as a word of let/],
  ["command let {{x}}", /as a word of let/],
  ["if let {{x}}; then :; fi", /as a word of let/],
  ["$(let {{x}})", /as a word of let/],
  ["'let' {{x}}", /as a word of let/],
  ["declare -i n={{x}}", /as a word of declare/],
  ["(( {{n}} ))", /behind \(\(/],
  ["printf %d {{x}}", /without a plain format/],
  ["printf -v {{x}}", /without a plain format/],
  ["eval echo {{x}}", /as a word of eval/],
  ["echo\u00a0#'\necho {{x}} #'", /the character U\+00a0/],
  ["echo \r#'\necho {{x}} #'", /the character U\+000d/],
  ["echo \v#'\necho {{x}} #'", /the character U\+000b/],
  ["echo \f#'\necho {{x}} #'", /the character U\+000c/],
  ["echo \u2003#'\necho {{x}} #'", /the character U\+2003/],
  ["echo a # it's\necho {{x}}", /behind a comment/],
  ["echo '\\'' {{x}}", /behind/],
  ['echo "\\"" {{x}}', /behind/],
  ["f() { echo {{x}}; }", /behind \(/],
  ["echo {{x}}\necho '!!'", /history/],
  ["echo {{y}}", /not one of its inputs; to write that text itself, use \{\{\{\{y\}\}/],
  ["echo {{host.nope}}", /not one of its inputs/],
])(
  "a template is refused that has a value where a shell would not read it as a word: %s",
  (template, problem) => {
    const problems = templateProblem(template, [text, { name: "n", type: "number" }]);
    expect(problems).toMatch(problem);
  },
);

test("an input that a command does not use is found", () => {
  expect(unusedInputs("echo {{x}} {{{{y}}", [text, { name: "y", type: "text" }])).toEqual(["y"]);
});

test("braces of docker and Go are the command's own, and {{{{ stands for two", () => {
  const command =
    "docker ps --format '{{.Names}} {{json .}}' {{{{end}} --name={{x}} $(cat {{x}}) \"$(date) ${HOME}\" {{x}} # it's";
  expect(templateProblem(command, [text])).toBeUndefined();
  expect(expanded(command, "a b")).toBe(
    "docker ps --format '{{.Names}} {{json .}}' {{end}} --name='a b' $(cat 'a b') \"$(date) ${HOME}\" 'a b' # it's",
  );
});

test("a secret is a variable, and numbers and the host's values are in quotes", () => {
  const inputs: TemplateInput[] = [
    { name: "token", type: "secret" },
    { name: "n", type: "number" },
  ];
  const command = "deploy {{token}} -n {{n}} {{host.name}}:{{host.port}} {{host.group}}";
  const host = { name: "web1", address: "10.0.0.1", user: "me", port: "22", group: "prod web" };
  expect(usesHost(command)).toBe(true);
  expect(expandTemplate(command, inputs, { values: { n: "-5", token: "never" }, host })).toBe(
    "deploy \"$HOSTRUN_INPUT_token\" -n '-5' 'web1':'22' 'prod web'",
  );
});

test.each([
  [{ name: "x", type: "number" }, "1; rm", /number/],
  [{ name: "x", type: "number", min: 3 }, "2", /at least 3/],
  [{ name: "x", type: "number", max: 3 }, "4", /at most 3/],
  [{ name: "x", type: "choice", choices: ["a", "b"] }, "c", /one of: a, b/],
  [{ name: "x", type: "text" }, "a\nb", /one line/],
  [{ name: "x", type: "host" }, "h2;id", /name of a host/],
  [{ name: "x", type: "host" }, "-oProxyCommand=id", /name of a host/],
  [{ name: "x", type: "host" }, "a b", /name of a host/],
  [{ name: "x", type: "host" }, "", /name of a host/],
] as const)("a value that does not fit is refused: %j", (input, value, problem) => {
  expect(valueProblem(input, value)).toMatch(problem);
});
