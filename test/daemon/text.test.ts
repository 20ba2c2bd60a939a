import { afterAll, describe, expect, test } from "vitest";
import { openHostedDaemon } from "../support/hosted-daemon.ts";
import { RunReading } from "../support/run-stream.ts";

const daemon = await openHostedDaemon();
afterAll(() => daemon[Symbol.asyncDispose]());

/** A shell command that writes bytes one at a time, with pauses between them. */
function trickled(text: string, to = ""): string {
  return [...Buffer.from(text)]
    .map((byte) => `printf '\\${byte.toString(8).padStart(3, "0")}'${to}; sleep 0.02`)
    .join("; ");
}

describe("characters", () => {
  test.each([
    ["stdout", ""],
    ["stderr", " >&2"],
  ] as const)("are never split on %s, however slowly their bytes come", async (stream, to) => {
    const text = "aé€😀\nz";
    const run = await daemon.run(trickled(text, to));
    expect(run.text(stream)).toBe(text);
    const events = run.of("output");
    expect(events.length).toBeGreaterThan(3);
    expect(events.filter(({ encoding }) => encoding !== undefined)).toEqual([]);
    expect(events.map(({ data }) => data).join("")).toBe(text);
  });

  test("that are never finished are told at the end, in base64", async () => {
    const run = await daemon.run(String.raw`printf 'ok\342\202'`);
    expect(run.bytes("stdout")).toEqual(Buffer.from("6f6be282", "hex"));
    expect(run.of("output").at(-1)).toMatchObject({ encoding: "base64", data: "4oI=" });
  });

  test("of every kind come through JSON as they are", async () => {
    const text = '\u0001\u001b[31m\t"\\\u2028\u2029\u{10ffff}\ufffe\u0000</script>\r\n';
    const octal = [...Buffer.from(text)].map((byte) => `\\${byte.toString(8).padStart(3, "0")}`).join("");
    const run = await daemon.run(`printf '${octal}'`);
    expect(run.text()).toBe(text);
    expect(run.of("output").every(({ encoding }) => encoding === undefined)).toBe(true);
  });

  test("are base64 only where the bytes are no UTF-8", async () => {
    const run = await daemon.run(
      String.raw`printf 'text\n'; sleep 0.1; printf '\377\376'; sleep 0.1; printf 'text\n'`,
    );
    expect(run.of("output").map(({ encoding, data }) => [encoding, data])).toEqual([
      [undefined, "text\n"],
      ["base64", "//4="],
      [undefined, "text\n"],
    ]);
  });

  test.each([
    ["an overlong form", String.raw`\300\257`],
    ["a surrogate", String.raw`\355\240\200`],
    ["beyond U+10FFFF", String.raw`\364\220\200\200`],
    ["a lone continuation", String.raw`\200`],
  ])("that UTF-8 does not allow (%s) keep their bytes", async (_what, octal) => {
    const run = await daemon.run(`printf 'x${octal}y' | tee /dev/stderr`);
    expect(run.bytes("stdout")).toEqual(run.bytes("stderr"));
    expect(run.of("output").some(({ encoding }) => encoding === "base64")).toBe(true);
  });
});

describe("shell noise", () => {
  const noise = [
    "bash: cannot set terminal process group (-1): Inappropriate ioctl for device",
    "bash: no job control in this shell",
    "Warning: Permanently added 'web1' (ED25519) to the list of known hosts.",
  ];
  const quoted = noise.map((line) => `'${line.replaceAll("'", `'\\''`)}'`).join(" ");

  async function raw(id: string): Promise<RunReading> {
    return new RunReading().follow(await daemon.http.open("GET", `/api/runs/${id}/events?raw=1`));
  }

  test("on stderr is left out of what is shown and kept in the record", async () => {
    const run = await daemon.run(`echo before >&2; printf '%s\\n' ${quoted} >&2; echo after >&2`);
    expect(run.text("stderr")).toBe("before\nafter\n");
    const whole = `before\n${noise.join("\n")}\nafter\n`;
    expect((await raw(run.id)).text("stderr")).toBe(whole);
    const output = await daemon.http.ask("GET", `/api/runs/${run.id}/output?stream=stderr`);
    expect(output.bytes.toString()).toBe(whole);
    expect(run.complete.stderrBytes).toBe(whole.length);
  });

  test("is known also when it comes a byte at a time", async () => {
    const line = `${noise[1]}\n`;
    const run = await daemon.run(`${trickled(line, " >&2")}; echo done >&2`);
    expect(run.text("stderr")).toBe("done\n");
    expect((await raw(run.id)).text("stderr")).toBe(`${line}done\n`);
  });

  test("on stdout is output like any other", async () => {
    const run = await daemon.run(`printf '%s\\n' ${quoted}`);
    expect(run.text()).toBe(`${noise.join("\n")}\n`);
  });

  test("is whole lines only: the same words within a line, or unfinished at the end, are shown", async () => {
    const shown = `x ${noise[1]}\nbash: no job\n${noise[1]}`;
    const run = await daemon.run(`printf %s '${shown}' >&2`);
    expect(run.text("stderr")).toBe(shown);
  });

  test("is what bash itself says when it is asked to be interactive", async () => {
    const run = await daemon.run("bash --norc -ic 'echo out; echo err >&2'");
    expect(run.text()).toBe("out\n");
    expect(run.text("stderr")).toBe("err\n");
    expect(run.complete.stderrBytes).toBeGreaterThan(4);
  });
});
