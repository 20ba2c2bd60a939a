/**
 * Every text that the webview of a run shows, in English. The extension sends the same keys in the person's
 * language with `show`; a key that is missing there is shown as it stands here. `{0}`, `{1}` are filled in.
 */
export const panelWords = {
  tools: "Tools for this run",
  stop: "Stop",
  stopHint: "Stop (Ctrl+C)",
  stopping: "Stopping …",
  runAgain: "Run again",
  find: "Find",
  findHint: "Find ({0}+F)",
  copyOutput: "Copy output",
  saveOutput: "Save output",
  clear: "Clear",
  debugLog: "Debug log",
  moreTools: "More tools",

  production: "production",
  productionHint: "This host is marked as production",
  durable: "keeps running",
  durableHint:
    "It keeps running on the host when the link drops; its output goes on as soon as the host is back",
  output: "Output of the command",
  stderrMark: "Written to stderr",
  followLink: "{0} ({1}+click to open)",

  queued: "Waiting",
  connecting: "Connecting",
  running: "Running",
  reconnecting: "Reconnecting",
  ended: "Ended",
  exit: "Exit {0}",
  killedBy: "Killed by {0}",
  killed: "Killed by a signal",
  cancelled: "Cancelled",
  timedOut: "Timed out",
  failed: "Failed",
  endingUnknown: "Ending unknown",
  endingUnknownHint: "The connection was lost before the host told how the command ended.",
  cached: "Answered from the cache",
  elapsed: "Elapsed time",
  received: "Output received",

  gap: "… {0} bytes of {1} were not recorded …",
  hiddenOutput: "Output that is not shown here",
  hiddenLines: "First {0} lines not shown",
  hiddenLinesAtLeast: "First {0} lines or more not shown",
  openFullOutput: "Open full output",
  copiedSelection: "Copied the selection",
  cleared: "Cleared; the recorded output is kept",

  findPlaceholder: "Find in output",
  findNext: "Next match (Enter)",
  findPrevious: "Previous match (Shift+Enter)",
  closeFind: "Close (Escape)",
  matchOf: "{0} of {1}",
  manyMatches: "{0} of {1} or more",
  noMatches: "No results",
  badPattern: "Not a regular expression",
  matchCase: "Match case (Alt+C)",
  wholeWord: "Match whole word (Alt+W)",
  useRegex: "Use regular expression (Alt+R)",

  trustAndRun: "Trust and run",
  showLog: "Show log",
  keyOffered: "Key offered by the host",
  keysExpected: "Keys on record",
  keyAt: "{0} {1}, at {2}",
  logEmpty: "Nothing was logged yet.",
  messageNotUnderstood: "A message of the extension was not understood, at {0}.",
} as const satisfies Record<string, string>;

export type PanelWord = keyof typeof panelWords;
