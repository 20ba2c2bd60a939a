import { UsageError } from "../command.ts";
import { isReadableVariable } from "../raw-text.ts";

export const secretOptions = { "secret-env": { type: "string", multiple: true } } as const;

const variableName = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** Parses NAME=VALUE, or NAME for the value in this process's environment. */
export function parseEnvironment(
  assignments: readonly string[],
  env: NodeJS.ProcessEnv,
): Record<string, string> {
  return Object.fromEntries(
    assignments.map((assignment) => {
      const equals = assignment.indexOf("=");
      const name = equals < 0 ? assignment : assignment.slice(0, equals);
      if (!variableName.test(name))
        throw new UsageError(
          `--env is "${assignment}", but must be NAME=VALUE or NAME, with letters, digits and _ in the name.`,
        );
      if (equals > 0) return [assignment.slice(0, equals), assignment.slice(equals + 1)];
      return [assignment, valueHere("--env", assignment, env)];
    }),
  );
}

/** Only names: values on a command line are visible to others. */
export function parseSecrets(names: readonly string[], env: NodeJS.ProcessEnv): Record<string, string> {
  return Object.fromEntries(
    names.map((name) => {
      if (name.includes("="))
        throw new UsageError(
          "--secret-env takes a NAME without a value, which other accounts could read here.",
        );
      return [name, valueHere("--secret-env", name, env)];
    }),
  );
}

function valueHere(option: string, name: string, env: NodeJS.ProcessEnv): string {
  const value = Object.hasOwn(env, name) ? env[name] : undefined;
  if (value === undefined) throw new UsageError(`${option} is ${name}, but no such variable is set here.`);
  if (!isReadableVariable(name, value))
    throw new UsageError(`${option} is ${name}, but its value here is not text in UTF-8.`);
  return value;
}
