import type * as z from "zod";
import { invalidRequest, refusedField } from "../../protocol/invalid-request.ts";
import { Problem } from "../../protocol/problem.ts";
import { visibleLine } from "../../protocol/visible.ts";
import { readOwnFile } from "../../state-directory/own-file.ts";
import { writeFileAtomically } from "../../state-directory/atomic-file.ts";
import { parseJson } from "../core/json.ts";
import { repeatedMember } from "../core/json-members.ts";
import { isMasked, maskedUrl } from "./masked-url.ts";
import {
  defaultSettings,
  Settings,
  SettingsPatch,
  type SettingsReport,
  type SettingSource,
} from "../../protocol/settings.ts";

export interface SettingsSources {
  /** config.json in the state directory; it need not exist. */
  readonly path: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Command-line flags by setting name. */
  readonly flags: Readonly<Record<string, string>>;
}

type Values = Record<string, unknown>;

const names = Object.keys(Settings.shape);
/** The only variable with the prefix that is not a setting. */
const homeVariable = "HOSTRUN_HOME";

/** The effective settings: defaults, then config.json, then `HOSTRUN_*`, then flags. */
export class SettingsFile {
  readonly #sources: SettingsSources;
  readonly #over: { environment: Values; flag: Values };
  #config: Values;
  #current: Settings;
  readonly #listeners: (() => void)[] = [];

  /** Throws `invalid_request`, listing every unknown or invalid value and its source. */
  constructor(sources: SettingsSources) {
    this.#sources = sources;
    this.#over = { environment: fromEnvironment(sources.environment), flag: fromFlags(sources.flags) };
    this.#config = readConfig(sources.path);
    this.#current = this.#merge(this.#config);
  }

  get current(): Settings {
    return this.#current;
  }

  sourceOf(name: string): SettingSource {
    if (name in this.#over.flag) return "flag";
    if (name in this.#over.environment) return "environment";
    return name in this.#config ? "config" : "default";
  }

  /** The values, with secrets in `redisUrl` masked as `***`. */
  report(): SettingsReport {
    const { redisUrl } = this.#current;
    const sources = Object.fromEntries(names.map((name) => [name, this.sourceOf(name)]));
    return {
      values: { ...this.#current, redisUrl: redisUrl === null ? null : maskedUrl(redisUrl) },
      sources,
    };
  }

  /**
   * Writes changes to config.json; null removes a value. A URL with `***` is a masked one returned by a client: it
   * changes nothing, or is refused.
   */
  update(patch: z.infer<typeof SettingsPatch>): void {
    const { redisUrl, ...others } = patch;
    const changes = this.#isShown(redisUrl) ? others : patch;
    const next = Object.fromEntries(
      Object.entries({ ...this.#config, ...changes }).filter(
        ([, value]) => value !== null && value !== undefined,
      ),
    );
    const merged = this.#merge(next);
    writeFileAtomically(this.#sources.path, `${JSON.stringify(next, null, 2)}\n`);
    this.#current = merged;
    this.#config = next;
    for (const changed of this.#listeners) changed();
  }

  /** Calls `changed` after each change. */
  onChange(changed: () => void): void {
    this.#listeners.push(changed);
  }

  #isShown(redisUrl: unknown): boolean {
    if (typeof redisUrl !== "string" || !isMasked(redisUrl)) return false;
    const known = [this.#current.redisUrl, this.#config["redisUrl"]];
    if (known.some((url) => typeof url === "string" && maskedUrl(url) === redisUrl)) return true;
    const message = "holds *** in the place of a secret; give the secret itself";
    throw refusedField("redisUrl", message);
  }

  #merge(config: Values): Settings {
    check(config, this.#sources.path);
    check(this.#over.environment, "the environment");
    check(this.#over.flag, "the command line");
    return Settings.parse({ ...defaultSettings, ...config, ...this.#over.environment, ...this.#over.flag });
  }
}

/** `poolIdleMs` is `HOSTRUN_POOL_IDLE_MS` in the environment and `--pool-idle-ms` as a flag. */
export function spelled(name: string, separator: "_" | "-"): string {
  return name.replace(/[A-Z]/g, (letter) => `${separator}${letter.toLowerCase()}`);
}

function check(values: Values, place: string): void {
  const { error } = SettingsPatch.safeParse(values);
  if (error !== undefined) throw invalidRequest(error, `A setting in ${place} is not valid.`);
}

function readConfig(path: string): Values {
  let text: string | undefined;
  try {
    text = readOwnFile(path);
  } catch (failure) {
    if (failure instanceof Problem) throw failure;
    throw new Problem("invalid_request", `${path} cannot be read. Check its permissions.`, {
      cause: failure,
    });
  }
  if (text === undefined) return {};
  let values: unknown;
  try {
    values = parseJson(text);
  } catch {
    // The error message quotes the file, which may contain a password.
    const detail = `${path} is not JSON. Fix it, or remove the file to go back to the defaults.`;
    throw new Problem("invalid_request", detail);
  }
  const repeated = repeatedMember(text);
  if (repeated !== undefined) {
    const detail = `${path} has ${visibleLine(repeated)} more than once. Remove all but one.`;
    throw new Problem("invalid_request", detail);
  }
  const result = SettingsPatch.safeParse(values);
  if (result.success) return result.data;
  throw withRemedy(invalidRequest(result.error, `A setting in ${path} is not valid.`));
}

/** Adds the command that removes the first invalid entry from config.json, if its name is one word. */
function withRemedy(problem: Problem): Problem {
  const { issues } = problem.members;
  const name = issues?.[0]?.path ?? "";
  if (!/^\w+$/.test(name)) return problem;
  const detail = `${problem.message}. \`hostrun config unset ${name}\` takes it out.`;
  return new Problem("invalid_request", detail, { issues });
}

/** An empty variable counts as one that is not set. */
function fromEnvironment(environment: SettingsSources["environment"]): Values {
  const given = Object.entries(environment).filter(
    ([name, value = ""]) => name.startsWith("HOSTRUN_") && value !== "" && name !== homeVariable,
  );
  const byVariable = new Map(names.map((name) => [`HOSTRUN_${spelled(name, "_").toUpperCase()}`, name]));
  return Object.fromEntries(
    given.map(([variable, value]) => [byVariable.get(variable) ?? variable, parseValue(value ?? "")]),
  );
}

function fromFlags(flags: SettingsSources["flags"]): Values {
  const byFlag = new Map(names.map((name) => [spelled(name, "-"), name]));
  return Object.fromEntries(
    Object.entries(flags).map(([flag, value]) => [byFlag.get(flag) ?? flag, parseValue(value)]),
  );
}

/** Numbers and null are written as they are; everything else is text. */
function parseValue(text: string): unknown {
  if (text === "null") return null;
  return /^\d+$/.test(text) ? Number(text) : text;
}
