import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import * as z from "zod";

const RULES = ["architecture(imports)", "import(no-cycle)", "eslint(no-restricted-globals)"];
const Report = z.object({
  diagnostics: z.array(z.object({ filename: z.string(), code: z.string(), message: z.string() })),
});

const root = join(import.meta.dirname, "../..");

/** Each `source` stands alone in `file`; the lint must refuse it for the reason `because`. */
const FORBIDDEN = [
  refused("protocol/a.ts", 'import "node:fs";', "protocol may not import node:fs"),
  refused(
    "protocol/b.ts",
    'import { lint } from "../daemon/core/log.ts";',
    "protocol may not import daemon/core/log.ts",
  ),
  refused(
    "client/a.ts",
    'import type { Db } from "../daemon/store/db.ts";',
    "client may not import daemon/store/db.ts",
  ),
  refused(
    "state-directory/a.ts",
    'import { call } from "../client/request.ts";',
    "state-directory may not import client/request.ts",
  ),
  refused(
    "terminal/a.ts",
    'import type { Run } from "../protocol/run.ts";',
    "terminal may not import protocol/run.ts",
  ),
  refused("client/b.ts", 'import * as z from "zod";', "client may not import zod"),
  refused("webview/a.ts", 'import { it } from "../client/a.ts";', "webview may not import client/a.ts"),
  refused("webview/b.ts", 'import { it } from "../extension/a.ts";', "webview may not import extension/a.ts"),
  refused("webview/c.ts", 'import { join } from "node:path";', "webview may not import node:path"),
  refused("extension/a.ts", 'import { it } from "../cli/a.ts";', "extension may not import cli/a.ts"),
  refused(
    "extension/b.ts",
    'import { it } from "../daemon/compose.ts";',
    "extension may not import daemon/compose.ts",
  ),
  refused("cli/a.ts", 'export type { It } from "../extension/a.ts";', "cli may not import extension/a.ts"),
  refused("cli/b.ts", 'import { window } from "vscode";', "cli may not import vscode"),
  refused(
    "daemon/core/a.ts",
    'import type { Run } from "../runs/run.ts";',
    "daemon/core may not import daemon/runs/run.ts",
  ),
  refused("daemon/core/b.ts", 'import { Client } from "ssh2";', "daemon/core may not import ssh2"),
  refused(
    "daemon/runs/a.ts",
    'import type { Pool } from "../ssh/pool/pool.ts";',
    "daemon/runs may not import daemon/ssh/pool/pool.ts",
  ),
  refused(
    "daemon/runs/b.ts",
    'export const it = import("../store/db.ts");',
    "daemon/runs may not import daemon/store/db.ts",
  ),
  refused(
    "daemon/runs/c.ts",
    'export type It = import("../http/a.ts").It;',
    "daemon/runs may not import daemon/http/a.ts",
  ),
  refused("daemon/hosts/a.ts", 'import type { Client } from "ssh2";', "daemon/hosts may not import ssh2"),
  refused(
    "daemon/store/a.ts",
    'import { start } from "../runs/start.ts";',
    "daemon/store may import only types of daemon/runs/start.ts",
  ),
  refused(
    "daemon/store/b.ts",
    'import type { Pool } from "../ssh/pool.ts";',
    "daemon/store may not import daemon/ssh/pool.ts",
  ),
  refused(
    "daemon/cache/a.ts",
    'import Database from "better-sqlite3";',
    "daemon/cache may not import better-sqlite3",
  ),
  refused(
    "daemon/transport/a.ts",
    'import type { Run } from "../runs/run.ts";',
    "daemon/transport may not import daemon/runs/run.ts",
  ),
  refused(
    "daemon/runs/record/a.ts",
    'import type { Engine } from "../engine.ts";',
    "daemon/runs/record may not import daemon/runs/engine.ts",
  ),
  refused(
    "daemon/runs/command/a.ts",
    'import { it } from "../record/it.ts";',
    "daemon/runs/command may not import daemon/runs/record/it.ts",
  ),
  refused(
    "daemon/ssh/pool/a.ts",
    'import { Redis } from "ioredis";',
    "daemon/ssh/pool may not import ioredis",
  ),
  refused(
    "daemon/ssh/pool/b.ts",
    'import type { Run } from "../../runs/run.ts";',
    "daemon/ssh/pool may not import daemon/runs/run.ts",
  ),
  refused(
    "daemon/ssh/connect/a.ts",
    'import type { Pool } from "../pool/pool.ts";',
    "daemon/ssh/connect may not import daemon/ssh/pool/pool.ts",
  ),
  refused(
    "daemon/ssh/auth/a.ts",
    'import { dial } from "../connect/dial.ts";',
    "daemon/ssh/auth may not import daemon/ssh/connect/dial.ts",
  ),
  refused("daemon/ssh/b.ts", 'import { join } from "node:path";', "daemon/ssh/b.ts is in no known folder"),
  refused(
    "daemon/http/a.ts",
    'import { open } from "../store/open.ts";',
    "daemon/http may not import daemon/store/open.ts",
  ),
  refused(
    "daemon/http/b.ts",
    'import process from "node:process";',
    "daemon/http/b.ts may not import node:process",
  ),
  refused("daemon/http/c.ts", "export const pid = process.pid;", "Unexpected use of 'process'"),
  refused(
    "daemon/utils/a.ts",
    'import { join } from "node:path";',
    "daemon/utils/a.ts is in no known folder",
  ),
  refused("protocol/x.ts", 'import "./y.ts";', "Dependency cycle detected"),
  refused("protocol/y.ts", 'import "./x.ts";', "Dependency cycle detected"),
  refused(
    "protocol/v.ts",
    'import type { W } from "./w.ts"; export type V = W;',
    "Dependency cycle detected",
  ),
  refused(
    "protocol/w.ts",
    'import type { V } from "./v.ts"; export type W = V;',
    "Dependency cycle detected",
  ),
  refused("shared/a.ts", 'import { join } from "node:path";', "shared/a.ts is in no known folder"),
];

const ALLOWED: [file: string, source: string][] = [
  ["protocol/ok.ts", 'import * as z from "zod"; export const a = z;'],
  [
    "client/ok.ts",
    'import { it } from "../protocol/ok.ts"; import { join } from "node:path"; export const a = [it, join];',
  ],
  [
    "extension/ok.ts",
    'import { window } from "vscode"; import { it } from "../client/ok.ts"; export const a = [window, it];',
  ],
  ["daemon/core/ok.ts", 'import { it } from "../../protocol/ok.ts"; export const a = it;'],
  [
    "daemon/runs/ok.ts",
    'import { it } from "../core/ok.ts"; import { or } from "../hosts/ok.ts"; export const a = [it, or];',
  ],
  [
    "daemon/ssh/pool/ok.ts",
    'import { Client } from "ssh2"; import type { Target } from "../../transport/ok.ts"; export const a: Target = Client;',
  ],
  ["daemon/store/ok.ts", 'import Database from "better-sqlite3"; export const a = Database;'],
  [
    "daemon/http/ok.ts",
    'import Koa from "koa"; import { it } from "../runs/ok.ts"; export const a = [Koa, it];',
  ],
  [
    "daemon/compose.ts",
    'import { it } from "./ssh/pool/ok.ts"; import { or } from "./http/ok.ts"; export const a = [it, or];',
  ],
  ["daemon/main.ts", 'import { it } from "./compose.ts"; export const a = [it, process.pid];'],
  [
    "test/unit/ok.ts",
    'import { it } from "../../daemon/ssh/pool/ok.ts"; import "../../extension/ok.ts"; export const a = it;',
  ],
];

describe("the import rules", () => {
  const tree = realpathSync(mkdtempSync(join(tmpdir(), "hostrun-imports-")));
  let complaints: Complaint[] = [];

  beforeAll(() => {
    for (const file of [".oxlintrc.json", "scripts/oxlint-imports.mjs"]) {
      mkdirSync(dirname(join(tree, file)), { recursive: true });
      copyFileSync(join(root, file), join(tree, file));
    }
    for (const { file, source } of FORBIDDEN) put(file, source);
    for (const [file, source] of ALLOWED) put(file, source);
    complaints = lint(tree);
  });

  afterAll(() => {
    rmSync(tree, { recursive: true });
  });

  function put(file: string, source: string): void {
    mkdirSync(dirname(join(tree, file)), { recursive: true });
    writeFileSync(join(tree, file), `${source}\n`);
  }

  it.each(FORBIDDEN)("refuse $source in $file", ({ file, because }) => {
    expect(messagesFor(file)).toContainEqual(expect.stringContaining(because));
  });

  it.each(ALLOWED)("accept what %s imports", (file) => {
    expect(messagesFor(file)).toEqual([]);
  });

  function messagesFor(file: string): string[] {
    return complaints.filter(({ filename }) => filename === file).map(({ message }) => message);
  }
});

interface Complaint {
  filename: string;
  message: string;
}

function refused(
  file: string,
  source: string,
  because: string,
): { file: string; source: string; because: string } {
  return { file, source, because };
}

/** What oxlint says about imports and globals in the tree at `folder`, by our own configuration. */
function lint(folder: string): Complaint[] {
  const { stdout } = spawnSync(join(root, "node_modules/.bin/oxlint"), ["--format=json", "."], {
    cwd: folder,
    encoding: "utf8",
  });
  const report = Report.parse(JSON.parse(stdout));
  return report.diagnostics.filter(({ code }) => RULES.includes(code));
}
