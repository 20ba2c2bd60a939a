/** Text for people goes to standard error if standard output is for a program. */
const people = process.argv.includes("--json") ? process.stderr : process.stdout;

export function print(line = ""): void {
  people.write(`${line}\n`);
}

/** Prints rows under a heading, with numbers aligned to the right. */
export function printTable(heading: readonly string[], rows: readonly (readonly string[])[]): void {
  const all = [heading, ...rows];
  const widths = heading.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)));
  for (const [index, row] of all.entries()) {
    const cells = widths.map((width, column) => {
      const cell = row[column] ?? "";
      return column === 0 ? cell.padEnd(width) : cell.padStart(width);
    });
    print(`  ${cells.join("  ").trimEnd()}`);
    if (index === 0) print(`  ${widths.map((width) => "─".repeat(width)).join("──")}`);
  }
  print();
}

/** A goal with its meaning and limit, and the value of this run. */
export interface Goal {
  readonly id: string;
  readonly meaning: string;
  readonly bound: "≤" | "≥" | "<";
  readonly limit: number;
  readonly value: number;
}

export function isMet({ bound, limit, value }: Goal): boolean {
  if (bound === "≥") return value >= limit;
  return bound === "≤" ? value <= limit : value < limit;
}

/** `before` returns the goal's last value on this machine. */
export function printGoals(goals: readonly Goal[], before: (goal: Goal) => number | undefined): void {
  const format = (value: number | undefined, { limit }: Goal): string =>
    value === undefined || Number.isNaN(value) ? "–" : value.toFixed(limit >= 10 ? 1 : 2);
  printTable(
    ["goal", "", "limit", "this run", "", "last time"],
    goals.map((goal) => [
      `${goal.id}  ${goal.meaning}`,
      goal.bound,
      String(goal.limit),
      format(goal.value, goal),
      isMet(goal) ? "met" : "missed",
      format(before(goal), goal),
    ]),
  );
}
