import { readFile } from "node:fs/promises";
import { join } from "node:path";

/** A row of the table in docs/interoperability.md: a server, and what is seen of it by feature. */
export interface MatrixRow {
  readonly server: string;
  readonly cells: Readonly<Record<string, string>>;
}

export async function readMatrix(): Promise<MatrixRow[]> {
  const page = await readFile(join(import.meta.dirname, "../../../docs/interoperability.md"), "utf8");
  const [[, ...features] = [], , ...rows] = page
    .split("\n")
    .filter((line) => line.startsWith("|"))
    .map((line) => line.split("|").slice(1, -1))
    .map((cells) => cells.map((cell) => cell.trim()));
  return rows.map(([server = "", ...cells]) => ({
    server,
    cells: Object.fromEntries(features.map((feature, at) => [feature, cells[at] ?? ""])),
  }));
}
