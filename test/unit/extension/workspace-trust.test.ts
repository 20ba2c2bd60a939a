import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import * as z from "zod";

const root = join(import.meta.dirname, "../../..");
const Manifest = z.object({
  capabilities: z.object({
    untrustedWorkspaces: z.object({
      supported: z.literal("limited"),
      restrictedConfigurations: z.array(z.string()),
    }),
  }),
  contributes: z.object({
    configuration: z.array(z.object({ properties: z.record(z.string(), z.object({ scope: z.string() })) })),
  }),
});

test("no setting of Hostrun's can be a workspace's", () => {
  const { capabilities, contributes } = Manifest.parse(
    JSON.parse(readFileSync(join(root, "package.json"), "utf8")),
  );
  const settings = contributes.configuration.flatMap(({ properties }) => Object.entries(properties));
  expect(settings.filter(([, { scope }]) => scope !== "machine")).toEqual([]);
  const { restrictedConfigurations } = capabilities.untrustedWorkspaces;
  expect(restrictedConfigurations.toSorted()).toEqual(settings.map(([name]) => name).sort());
});

test("what reads a workspace looks whether it is trusted", () => {
  const readers = readdirSync(join(root, "extension"), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .map((name) => ({ name, text: readFileSync(join(root, "extension", name), "utf8") }))
    .filter(({ text }) =>
      /\.workspaceFolders|getWorkspaceFolder|workspace\.fs\.read|findFiles|implements vscode\.Pseudoterminal/.test(
        text,
      ),
    );
  const unasked = readers.filter(({ text }) => !text.includes("workspace.isTrusted")).map(({ name }) => name);
  // It only proposes a folder to save a file in.
  expect(unasked).toEqual(["saved-file.ts"]);
  expect(readers.map(({ name }) => name)).toEqual(
    expect.arrayContaining(["snippets/listed-snippets.ts", "tasks/task-terminal.ts"]),
  );
});
