import type { Stats } from "../../protocol/stats.ts";

/** The figures in Prometheus' text format: a figure a line, `hostrun_pool_connections 3`. Text has no figure. */
export function metricsText(stats: Stats): string {
  const lines: string[] = [];
  const walk = (name: string, value: unknown): void => {
    if (typeof value === "number") lines.push(`${name} ${value}`);
    else if (typeof value === "boolean") lines.push(`${name} ${value ? 1 : 0}`);
    else if (typeof value === "object" && value !== null) {
      for (const [part, inner] of Object.entries(value)) walk(`${name}_${snakeCase(part)}`, inner);
    }
  };
  walk("hostrun", stats);
  return `${lines.join("\n")}\n`;
}

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
