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
