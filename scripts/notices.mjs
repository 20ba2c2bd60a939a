// The licences of the bundled packages, as their authors require.
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

const PACKAGE = /^((?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+)\//;

/** Writes one text with the name, version and licence of every package in the esbuild results. */
export async function writeNotices(root, file, results) {
  const inputs = results.flatMap(({ metafile }) => Object.keys(metafile.inputs));
  const folders = new Set(inputs.map((input) => PACKAGE.exec(input)?.[1]).filter(Boolean));
  const notices = await Promise.all([...folders].map((folder) => notice(join(root, folder))));
  notices.sort((a, b) => a.localeCompare(b));
  await writeFile(file, `${notices.join(`\n\n${"-".repeat(80)}\n\n`)}\n`);
}

async function notice(folder) {
  const { name, version, license } = JSON.parse(await readFile(join(folder, "package.json"), "utf8"));
  const licence = (await readdir(folder)).find((file) => /^licen[cs]e/i.test(file));
  const body = licence ? (await readFile(join(folder, licence), "utf8")).trim() : "";
  return `${name} ${version} (${license})\n\n${body}`.trim();
}
