import { execFileSync } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { defaultSettings } from "../../protocol/settings.ts";

const root = join(import.meta.dirname, "../..");
const files = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard"], {
  cwd: root,
  encoding: "utf8",
})
  .split("\n")
  .concat("dist/cli.cjs");

test.each(["docs/architecture.md", "docs/contributing.md", "docs/ssh2-traps.md"])(
  "the files and folders that %s names are there",
  async (page) => {
    const text = await readFile(join(root, page), "utf8");
    const named = [...text.matchAll(/`((?:[\w.-]+\/)*[\w-]+(?:\.(?:ts|sh|mjs)|\/))`/g)].map(
      ([, name = ""]) => name,
    );
    expect(named.length).toBeGreaterThan(0);
    const missing = named.filter(
      (name) =>
        !files.some((file) =>
          name.endsWith("/") ? `/${file}`.includes(`/${name}`) : `/${file}`.endsWith(`/${name}`),
        ),
    );
    expect(missing).toEqual([]);
  },
);

test("README.md has every setting of the daemon", async () => {
  const text = await readFile(join(root, "README.md"), "utf8");
  expect(Object.keys(defaultSettings).filter((name) => !text.includes(`\`${name}\``))).toEqual([]);
});

test("every test that the threat model of docs/security.md names is there", async () => {
  const text = await readFile(join(root, "docs/security.md"), "utf8");
  const rows = text
    .slice(text.indexOf("## Threat model"))
    .split("\n")
    .filter((line) => line.startsWith("| "));
  expect(rows.length).toBeGreaterThan(20);
  const missing: string[] = [];
  for (const row of rows.slice(1)) {
    const named = [...row.matchAll(/`(test\/[\w./-]+\.test\.ts)` “([^”]+)”/g)];
    if (named.length === 0) missing.push(row);
    for (const [whole, file = "", name = ""] of named) {
      const source = files.includes(file) ? await readFile(join(root, file), "utf8") : "";
      if (!source.includes(name)) missing.push(whole);
    }
  }
  expect(missing).toEqual([]);
});
