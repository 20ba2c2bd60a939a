import { invalidRequest, refusedField } from "../../protocol/invalid-request.ts";
import { Problem } from "../../protocol/problem.ts";
import {
  ChangedSnippet,
  type ExpandedSnippet,
  type ExpandRequest,
  type NewSnippet,
  type Snippet,
  type SnippetChanges,
} from "../../protocol/snippet.ts";
import type { SnippetInput } from "../../protocol/snippet-input.ts";
import {
  expandTemplate,
  secretVariable,
  type TemplateHost,
  templateProblem,
  usesHost,
  valueProblem,
} from "../../protocol/snippet-text.ts";
import { visibleLine } from "../../protocol/visible.ts";
import type { Clock } from "../core/clock.ts";

export interface SnippetStore {
  /** Sorted by name. */
  list(): Snippet[];
  /** Throws `conflict` if the name is taken. */
  insert(fields: NewSnippet, at: string): Snippet;
  update(id: number, fields: NewSnippet, at: string): Snippet;
  delete(id: number): void;
}

export interface SnippetsParts {
  readonly store: SnippetStore;
  readonly clock: Clock;
  /** The host that a run on `name` would use. Throws `host_unknown`. */
  readonly host: (name: string) => Promise<TemplateHost>;
}

/** Limited, since all are read at once. */
const maxSnippets = 1000;

/** The user's saved commands. */
export class Snippets {
  readonly #parts: SnippetsParts;

  constructor(parts: SnippetsParts) {
    this.#parts = parts;
  }

  list(): Snippet[] {
    return this.#parts.store.list();
  }

  /** By name, or else by id. Throws `not_found`. */
  get(text: string): Snippet {
    const all = this.list();
    const found = all.find(({ name }) => name === text) ?? all.find(({ id }) => String(id) === text);
    if (found === undefined) throw new Problem("not_found", `There is no snippet ${visibleLine(text)}.`);
    return found;
  }

  create(fields: NewSnippet): Snippet {
    const { store, clock } = this.#parts;
    if (store.list().length >= maxSnippets) {
      throw new Problem("conflict", `There are ${maxSnippets} snippets, which is the maximum. Remove some.`);
    }
    return store.insert(fields, clock.now());
  }

  update(text: string, changes: SnippetChanges): Snippet {
    const { id, createdAt: _, updatedAt: _at, ...before } = this.get(text);
    const parsed = ChangedSnippet.safeParse({ ...before, ...changes });
    if (!parsed.success) throw invalidRequest(parsed.error, "This change of the snippet is not valid.");
    return this.#parts.store.update(id, parsed.data, this.#parts.clock.now());
  }

  delete(text: string): void {
    this.#parts.store.delete(this.get(text).id);
  }

  /** Throws `invalid_request`, naming the input that is missing or invalid. */
  async expand(
    { command, inputs, options }: Pick<NewSnippet, "command" | "inputs" | "options">,
    { inputs: given, host, hosts }: ExpandRequest,
  ): Promise<ExpandedSnippet> {
    const problem = templateProblem(command, inputs);
    // It may have been saved before this check existed.
    if (problem !== undefined) throw refusedField("command", problem);
    const values = valuesOf(inputs, given);
    const secrets = inputs
      .filter(({ type }) => type === "secret")
      .map(({ name }) => [name, secretVariable(name)] as const);
    const expanded = { options, secretEnv: Object.fromEntries(secrets) };
    const finished = async (name: string | null): Promise<string> => {
      const place = name === null ? undefined : await this.#parts.host(name);
      return expandTemplate(command, inputs, { values, host: place });
    };
    if (host !== null || !usesHost(command)) {
      return { ...expanded, command: await finished(host), template: null, commands: [] };
    }
    if (hosts.length === 0) {
      const message = "is missing: the command contains values of the host";
      throw refusedField("host", message);
    }
    const commands: ExpandedSnippet["commands"] = [];
    for (const name of hosts) commands.push({ host: name, command: await finished(name) });
    return { ...expanded, command, template: { inputs, values }, commands };
  }
}

/** A value for each input except secrets. */
function valuesOf(
  inputs: readonly SnippetInput[],
  given: Readonly<Record<string, string>>,
): Record<string, string> {
  const other = Object.keys(given).find((name) => !inputs.some((input) => input.name === name));
  if (other !== undefined) throw refused(other, "is not an input of this snippet");
  const values: Record<string, string> = {};
  for (const input of inputs) {
    const { name, type } = input;
    const value = Object.hasOwn(given, name) ? given[name] : input.default;
    if (type === "secret" && value !== undefined) {
      throw refused(name, "is a secret: give it to the run, as secretEnv");
    }
    if (type !== "secret") values[name] = fitting(input, value);
  }
  return values;
}

function fitting(input: SnippetInput, value: string | undefined): string {
  const problem = value === undefined ? "is missing" : valueProblem(input, value);
  if (value === undefined || problem !== undefined) throw refused(input.name, problem ?? "is missing");
  return value;
}

function refused(name: string, message: string): Problem {
  return refusedField(`inputs.${visibleLine(name, 64)}`, message);
}
