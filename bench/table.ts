/** Prints rows under a heading, numbers to the right. */
export function printTable(heading: readonly string[], rows: readonly (readonly string[])[]): void {
  const all = [heading, ...rows];
  const widths = heading.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)));
  for (const [index, row] of all.entries()) {
    const cells = widths.map((width, column) => {
      const cell = row[column] ?? "";
      return column === 0 ? cell.padEnd(width) : cell.padStart(width);
    });
    console.log(`  ${cells.join("  ").trimEnd()}`);
    if (index === 0) console.log(`  ${widths.map((width) => "─".repeat(width)).join("──")}`);
  }
  console.log();
}

/** A goal as a number with its meaning, and what this run came to. */
export interface Goal {
  readonly id: string;
  readonly meaning: string;
  readonly bound: "≤" | "≥" | "<";
  readonly limit: number;
  readonly value: number;
}

export function printGoals(goals: readonly Goal[]): void {
  const met = ({ bound, limit, value }: Goal): boolean =>
    bound === "≤" ? value <= limit : bound === "<" ? value < limit : value >= limit;
  printTable(
    ["goal", "", "limit", "this run", ""],
    goals.map((goal) => [
      `${goal.id}  ${goal.meaning}`,
      goal.bound,
      String(goal.limit),
      Number.isNaN(goal.value) ? "–" : goal.value.toFixed(goal.limit >= 10 ? 1 : 2),
      met(goal) ? "met" : "missed",
    ]),
  );
}
