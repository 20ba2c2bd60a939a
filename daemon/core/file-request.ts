import type { Way } from "./own-disk.ts";
import type { DirectoryContent, FileChange, FileContent, PathKind, ReadOptions } from "./regular-file.ts";

/** A request to the process that reads files for the daemon. */
export type FileQuestion =
  | ({ readonly what: "read"; readonly path: string } & ReadOptions)
  | { readonly what: "list"; readonly path: string; readonly maxNames: number }
  | { readonly what: "kind"; readonly path: string }
  | { readonly what: "way"; readonly path: string };

/** A question with an id, which its answer repeats. */
export interface FileRequest {
  readonly id: number;
  readonly question: FileQuestion;
}

export interface FileAnswer {
  readonly id: number;
  readonly answer: unknown;
}

/** Shallow checks of the messages: both ends are of the same build. */
export function isFileRequest(value: unknown): value is FileRequest {
  return hasId(value) && "question" in value && isObject(value.question) && "what" in value.question;
}

export function isFileAnswer(value: unknown): value is FileAnswer {
  return hasId(value) && "answer" in value;
}

export function isFileContent(value: unknown): value is FileContent {
  return isOneOf(value, ["content", "missing", "unreadable"]);
}

export function isFileChange(value: unknown): value is FileChange {
  return isFileContent(value) || isOneOf(value, ["unchanged"]);
}

export function isDirectoryContent(value: unknown): value is DirectoryContent {
  return isOneOf(value, ["names", "missing", "unreadable"]);
}

export function isPathKind(value: unknown): value is PathKind {
  return typeof value === "string";
}

export function isWay(value: unknown): value is Way {
  return isObject(value) && "steps" in value;
}

function isOneOf(value: unknown, kinds: readonly string[]): boolean {
  return isObject(value) && "kind" in value && typeof value.kind === "string" && kinds.includes(value.kind);
}

function hasId(value: unknown): value is { id: number } {
  return isObject(value) && "id" in value && typeof value.id === "number";
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}
