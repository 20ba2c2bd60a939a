import { Problem, type ProblemCode } from "../protocol/problem.ts";
import { UsageError } from "./command.ts";

/** Things of one kind, which are named by their ids. */
interface Kind<Item> {
  readonly noun: string;
  /** The command that lists them. */
  readonly list: string;
  /** The code of the problem that there is no such thing. */
  readonly unknown: ProblemCode;
  last(): Promise<Item | undefined>;
  get(id: string): Promise<Item>;
  /** Those whose id begins so; the first two suffice. */
  startingWith(prefix: string): Promise<readonly Item[]>;
}

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** What `word` names: a whole id, a unique prefix of one, or `last`. */
export async function findById<Item>(word: string, kind: Kind<Item>): Promise<Item> {
  const { noun, list, unknown } = kind;
  const id = word.toLowerCase();
  if (id === "last") {
    const last = await kind.last();
    if (last === undefined) throw new Problem(unknown, `There are no ${noun}s yet.`);
    return last;
  }
  if (uuid.test(id)) return kind.get(id);
  if (!/^[0-9a-f-]{1,36}$/.test(id)) {
    throw new UsageError(`"${word}" is not a ${noun}: give the beginning of an id of \`${list}\`, or last.`);
  }
  const [first, second] = await kind.startingWith(id);
  if (first === undefined) {
    throw new Problem(unknown, `No ${noun}'s id begins with ${word}. See \`${list}\`.`);
  }
  if (second !== undefined) {
    throw new Problem(unknown, `More than one ${noun}'s id begins with ${word}. Give more of it.`);
  }
  return first;
}
