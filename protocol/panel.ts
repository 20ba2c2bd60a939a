import * as z from "zod";
import { OutputStream } from "./event.ts";
import { ProblemDetails } from "./problem-details.ts";
import { Outcome, Run, RunState, TerminalSize } from "./run.ts";

/**
 * The messages between the extension and the webview of one run. The extension replays the run from the
 * daemon whenever the webview says `ready`, so the webview keeps nothing that matters.
 */
export const Look = z.object({
  fontFamily: z.string(),
  fontSize: z.number().positive(),
  lineHeight: z.number().positive(),
  scrollback: z.int().nonnegative(),
  screenReader: z.boolean(),
  reducedMotion: z.boolean(),
});
export type Look = z.infer<typeof Look>;

/** Who and where, for the panel's head; what is not known is null. */
export const PanelHost = z.object({
  name: z.string(),
  address: z.string(),
  user: z.string().nullable(),
  production: z.boolean(),
});
export type PanelHost = z.infer<typeof PanelHost>;

/** Every text that the webview shows, already in the person's language, by the keys of panel-labels.ts. */
export const PanelLabels = z.record(z.string(), z.string());
export type PanelLabels = z.infer<typeof PanelLabels>;

/** What can be done with a run from its toolbar, the context menu, or the palette. */
export const PanelTool = z.enum([
  "stop",
  "runAgain",
  "runInTerminal",
  "find",
  "copyOutput",
  "copySelection",
  "selectAll",
  "saveOutput",
  "openOutput",
  "clear",
  "debugLog",
  "note",
]);
export type PanelTool = z.infer<typeof PanelTool>;

const Chunk = z.object({ stream: OutputStream, data: z.string(), encoding: z.literal("base64").optional() });

export const ToPanel = z.discriminatedUnion("type", [
  /** A run may come: what takes long can be made before it. */
  z.object({ type: z.literal("prepare"), look: Look, words: PanelLabels }),
  /** Begin anew: clear, and show this run. Comes first after `ready`. */
  z.object({
    type: z.literal("show"),
    run: Run,
    host: PanelHost,
    look: Look,
    words: PanelLabels,
    /** Milliseconds from the run's start until now by the daemon's clock. */
    elapsedMs: z.number().nonnegative(),
  }),
  /** The output of one animation frame, in order; `ageMs`: since the newest of it was written. */
  z.object({ type: z.literal("output"), chunks: z.array(Chunk), ageMs: z.number().nonnegative().optional() }),
  z.object({
    type: z.literal("status"),
    state: RunState,
    message: z.string(),
    detail: z.string().nullable(),
    reconnecting: z.literal(true).optional(),
    /** Somebody wants it to end, here or elsewhere. */
    stopping: z.literal(true).optional(),
    /** Cipher and kind of host key, e.g. "aes128-gcm · ed25519". */
    transport: z.string().optional(),
  }),
  z.object({ type: z.literal("gap"), stream: OutputStream, bytes: z.int().nonnegative() }),
  /** `actions`: the titles of what may mend it, beside what the webview itself knows. */
  z.object({
    type: z.literal("problem"),
    problem: ProblemDetails,
    actions: z.array(z.string()).optional(),
  }),
  z.object({
    type: z.literal("complete"),
    outcome: Outcome,
    exitCode: z.int().nullable(),
    signal: z.string().nullable(),
    durationMs: z.number().nonnegative(),
    /** How the connection was, e.g. "warm connection, first byte 6 ms". */
    detail: z.string().nullable(),
  }),
  /** A line of the debug log. */
  z.object({ type: z.literal("log"), at: z.string(), message: z.string() }),
  /** A tool asked for from outside, by a keyboard shortcut or a menu. */
  z.object({ type: z.literal("tool"), tool: PanelTool }),
  /** A passing remark in the status line, e.g. that something was copied. */
  z.object({ type: z.literal("notice"), text: z.string() }),
  z.object({ type: z.literal("look"), look: Look }),
  /** What somebody has noted about the run, when that has changed; null: nothing. */
  z.object({ type: z.literal("note"), note: z.string().nullable() }),
]);
export type ToPanel = z.infer<typeof ToPanel>;

export const FromPanel = z.discriminatedUnion("type", [
  z.object({ type: z.literal("ready") }),
  /**
   * Characters of chunks' `data`, as they were posted, that were drawn since the last acknowledgement; the
   * extension holds back above 100,000. A `show` begins at 0 again.
   */
  z.object({ type: z.literal("drawn"), characters: z.int().positive() }),
  /** The keyboard has come to the page. */
  z.object({ type: z.literal("focused") }),
  z.object({ type: z.literal("stop") }),
  z.object({ type: z.literal("runAgain") }),
  /** The same command again, its standard input open for what is typed; `pty`: in a terminal of the screen's size. */
  z.object({ type: z.literal("runWithInput"), pty: z.boolean(), ...TerminalSize.shape }),
  /** The size of the screen of a command that runs in a terminal, at first and when it has changed. */
  z.object({ type: z.literal("size"), ...TerminalSize.shape }),
  /** What was typed for a run whose standard input is open; `end` closes it after that. */
  z.object({ type: z.literal("stdin"), data: z.string().max(65_536), end: z.boolean() }),
  z.object({ type: z.literal("save") }),
  /** The selection, for the clipboard. */
  z.object({ type: z.literal("copied"), text: z.string().max(64 * 1024 * 1024) }),
  /** All recorded output is to go to the clipboard; a `notice` answers. */
  z.object({ type: z.literal("copyOutput") }),
  /** All recorded output is to be shown in an editor. */
  z.object({ type: z.literal("openOutput") }),
  z.object({ type: z.literal("openLink"), url: z.string().regex(/^https?:\/\//) }),
  /** Of a run that failed by an unknown host key. */
  z.object({ type: z.literal("trust") }),
  /** The title of an action of the problem that is shown. */
  z.object({ type: z.literal("mend"), action: z.string().max(256) }),
  /** The run's own debug log, as a document. */
  z.object({ type: z.literal("showLog") }),
  z.object({ type: z.literal("editNote") }),
]);
export type FromPanel = z.infer<typeof FromPanel>;

/** What a webview keeps by `setState`, so that a window reload finds its run again. */
export const PanelState = z.object({ runId: z.string() });
export type PanelState = z.infer<typeof PanelState>;
