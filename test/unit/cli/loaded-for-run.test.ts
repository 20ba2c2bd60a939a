import { readFileSync } from "node:fs";
import { join } from "node:path";
import { build, type Metafile } from "esbuild";
import { expect, it } from "vitest";

const root = join(import.meta.dirname, "../../..");

it("loads no package for `hostrun run`, which is up in a moment", async () => {
  const { inputs } = await bundleOf("cli/main.ts");
  const loaded = loadedBy(inputs, ["cli/main.ts", "cli/commands/run.ts"]);
  expect([...loaded]).toContain("client/run-frames.ts");
  expect([...loaded].filter((file) => file.includes("node_modules/"))).toEqual([]);
  // Those that Node has not loaded by itself take a millisecond or more each.
  expect([...loaded].filter((file) => file.startsWith("node:")).toSorted()).toEqual([
    "node:buffer",
    "node:fs",
    "node:net",
    "node:os",
    "node:path",
    "node:stream",
  ]);
});

it("builds no class of Unicode characters while it loads, which V8 does for the mere expression", async () => {
  const { inputs } = await bundleOf("cli/main.ts");
  const own = [...loadedBy(inputs, ["cli/main.ts", "cli/commands/run.ts"])].filter((file) =>
    file.endsWith(".ts"),
  );
  expect(own).toContain("protocol/destination.ts");
  const building = /^(?:export )?const \w+(?:: \w+)? = \/.*\\p\{/m;
  expect(own.filter((file) => building.test(readFileSync(join(root, file), "utf8")))).toEqual([]);
});

async function bundleOf(entry: string): Promise<Metafile> {
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: [entry],
    bundle: true,
    write: false,
    metafile: true,
    platform: "node",
    format: "esm",
    external: ["*.sh", "*.pl", "*.bash", "*.zsh", "*.fish"],
  });
  return metafile;
}

/** These files and what they import, each of which is loaded before they run; what they load when it is needed is not. */
function loadedBy(inputs: Metafile["inputs"], files: readonly string[]): ReadonlySet<string> {
  const loaded = new Set(files);
  for (const file of loaded) {
    for (const { path, kind, external } of inputs[file]?.imports ?? []) {
      if (kind !== "dynamic-import" && (external !== true || path.startsWith("node:"))) loaded.add(path);
    }
  }
  return loaded;
}
