import Sqlite from "better-sqlite3";
import { Problem } from "../../protocol/problem.ts";
import { type NewSnippet, Snippet } from "../../protocol/snippet.ts";
import type { SnippetStore } from "../snippets/snippets.ts";
import type { Database } from "./database.ts";
import { mapStorageErrors } from "./storage-errors.ts";
import { readStored, storedJson } from "./stored-row.ts";
import { writtenRow } from "./written-row.ts";

interface SnippetRow {
  readonly id: number;
  readonly name: string;
  readonly body: string;
  readonly created_at: string;
  readonly updated_at: string;
}

/** Snippets in SQLite. A row that cannot be read is left out, since part of a command must not be run. */
export function createSnippetStore({ sql, damage }: Database): SnippetStore {
  const all = sql.prepare<[], SnippetRow>("SELECT * FROM snippets ORDER BY name COLLATE NOCASE");
  const insert = sql.prepare<[string, string, string, string], SnippetRow>(
    "INSERT INTO snippets (name, body, created_at, updated_at) VALUES (?, ?, ?, ?) RETURNING *",
  );
  const update = sql.prepare<[string, string, string, number], SnippetRow>(
    "UPDATE snippets SET name = ?, body = ?, updated_at = ? WHERE id = ? RETURNING *",
  );
  const remove = sql.prepare<[number]>("DELETE FROM snippets WHERE id = ?");
  const read = ({ id, name, body, created_at: createdAt, updated_at: updatedAt }: SnippetRow): Snippet[] => {
    const stored = storedJson(body);
    const members = typeof stored === "object" && stored !== null ? stored : {};
    const found = readStored(Snippet, { ...members, id, name, createdAt, updatedAt }, {});
    if (found === undefined) damage.report("snippets", id);
    return found === undefined ? [] : [found.value];
  };
  const saved = (name: string, write: () => SnippetRow | undefined): Snippet => {
    try {
      const [snippet] = [mapStorageErrors(write)].flatMap((row) => (row === undefined ? [] : read(row)));
      if (snippet !== undefined) return snippet;
    } catch (failure) {
      if (!(failure instanceof Sqlite.SqliteError) || failure.code !== "SQLITE_CONSTRAINT_UNIQUE")
        throw failure;
      const detail = `There is a snippet named ${name} already. Choose another name.`;
      throw new Problem("conflict", detail, { cause: failure });
    }
    throw new Problem("not_found", "The snippet was deleted in the meantime.");
  };
  return {
    list: () => all.all().flatMap(read),
    insert: (fields, at) => saved(fields.name, () => writtenRow(insert, fields.name, bodyOf(fields), at, at)),
    update: (id, fields, at) =>
      saved(fields.name, () => writtenRow(update, fields.name, bodyOf(fields), at, id)),
    delete: (id) => void mapStorageErrors(() => remove.run(id)),
  };
}

function bodyOf({ description, command, inputs, options, targets }: NewSnippet): string {
  return JSON.stringify({ description, command, inputs, options, targets });
}
