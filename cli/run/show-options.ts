import { refuseTogether, UsageError } from "../command.ts";

/**
 * How the output of many hosts is shown: lines as they arrive, each distinct output once, the most common one and the
 * differences of the others, or a table.
 */
export type JobShow = "lines" | "groups" | "differences" | "csv";

/** How a run is shown. */
export interface ViewOptions {
  readonly json: boolean;
  readonly raw: boolean;
  readonly quiet: boolean;
  readonly verbose: boolean;
}

export const viewOptions = {
  json: { type: "boolean" },
  raw: { type: "boolean" },
  quiet: { type: "boolean", short: "q" },
  verbose: { type: "boolean", short: "v" },
} as const;

/** The options for showing many hosts' output, and for saving the names of failed hosts. */
export const resultOptions = {
  gather: { type: "boolean" },
  diff: { type: "boolean" },
  format: { type: "string" },
  "failed-to": { type: "string" },
} as const;

/** The help text for these options, for each command that has them. */
export const resultHelp = `  --gather                show each different output once, below the hosts that it is of
  --diff                  show the most common output, and how the others differ from it
  --format csv            show a table, a row a host, with its output
  --failed-to FILE        write the names of the hosts on which it did not end with exit
                          status 0, a line each
`;

export function parseShow(values: {
  readonly json?: boolean | undefined;
  readonly gather?: boolean | undefined;
  readonly diff?: boolean | undefined;
  readonly format?: string | undefined;
}): JobShow {
  const { gather = false, diff = false, format } = values;
  if (!["csv", "json", undefined].includes(format))
    throw new UsageError(`--format is "${format}", but must be csv or json.`);
  // --diff is another form of --gather, so the two are compatible.
  refuseTogether(values, diff ? "diff" : "gather", "format", "json");
  if (format === "csv") return "csv";
  if (diff) return "differences";
  return gather ? "groups" : "lines";
}

export function parseView(values: {
  readonly json?: boolean | undefined;
  readonly format?: string | undefined;
  readonly raw?: boolean | undefined;
  readonly quiet?: boolean | undefined;
  readonly verbose?: boolean | undefined;
}): ViewOptions {
  const { json = values.format === "json", raw = false, quiet = false, verbose = false } = values;
  if (raw && !json) throw new UsageError("--raw goes with --json: without that, every byte is printed.");
  return { json, raw, quiet, verbose };
}
