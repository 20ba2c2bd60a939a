import { UsageError, unknown } from "./command.ts";

type Action = (args: readonly string[]) => Promise<number>;

/** Chooses among a command's own commands, e.g. `hosts add`; without one it does the first, a list. */
export function choose(args: readonly string[], actions: Readonly<Record<string, Action>>): Promise<number> {
  const [name, ...rest] = args;
  const names = Object.keys(actions);
  const [first] = names;
  const isOption = name?.startsWith("-") ?? true;
  const chosen = isOption ? first : name;
  const action = chosen !== undefined && Object.hasOwn(actions, chosen) ? actions[chosen] : undefined;
  if (action !== undefined) return action(isOption ? args : rest);
  if (name === undefined) throw new UsageError(`One of these is missing: ${names.join(", ")}.`);
  throw unknown("command", name, names);
}
