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
  /** By name. */
  list(): Snippet[];
  /** `conflict` where the name is taken. */
  insert(fields: NewSnippet, at: string): Snippet;
  update(id: number, fields: NewSnippet, at: string): Snippet;
  delete(id: number): void;
}

export interface SnippetsParts {
  readonly store: SnippetStore;
  readonly clock: Clock;
  /** Where a run on it would go. `host_unknown`. */
  readonly host: (name: string) => Promise<TemplateHost>;
}

/** All are read at once. */
const maxSnippets = 1000;

/** The commands that a person keeps. */
export class Snippets {
  readonly #parts: SnippetsParts;

  constructor(parts: SnippetsParts) {
    this.#parts = parts;
  }

  list(): Snippet[] {
    return this.#parts.store.list();
  }

  /** By its name, else by its id. `not_found`. */
  get(text: string): Snippet {
    const all = this.list();
    const found = all.find(({ name }) => name === text) ?? all.find(({ id }) => String(id) === text);
    if (found === undefined) throw new Problem("not_found", `There is no snippet ${visibleLine(text)}.`);
    return found;
  }

  create(fields: NewSnippet): Snippet {
    const { store, clock } = this.#parts;
    if (store.list().length >= maxSnippets) {
      throw new Problem(
        "conflict",
        `There are ${maxSnippets} snippets, which is as many as are kept. Remove some.`,
      );
    }
    return store.insert(fields, clock.now());
  }

  update(text: string, changes: SnippetChanges): Snippet {
    const { id, createdAt: _, updatedAt: _at, ...before } = this.get(text);
    const parsed = ChangedSnippet.safeParse({ ...before, ...changes });
    if (!parsed.success) throw invalidRequest(parsed.error, "This snippet cannot be changed so.");
    return this.#parts.store.update(id, parsed.data, this.#parts.clock.now());
  }

  delete(text: string): void {
    this.#parts.store.delete(this.get(text).id);
  }

  /** `invalid_request` names the input that is missing or does not fit. */
  async expand(
    { command, inputs, options }: Pick<NewSnippet, "command" | "inputs" | "options">,
    { inputs: given, host, hosts }: ExpandRequest,
  ): Promise<ExpandedSnippet> {
    const problem = templateProblem(command, inputs);
    // One may have been kept before this was looked at.
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
      const message = "is missing: the command has values of the host, and is another one on each";
      throw refusedField("host", message);
    }
    const commands: ExpandedSnippet["commands"] = [];
    for (const name of hosts) commands.push({ host: name, command: await finished(name) });
    return { ...expanded, command, template: { inputs, values }, commands };
  }
}

/** A value for each input but the secrets. */
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
