import * as z from "zod";
import { OutputStream } from "./event.ts";
import { ProblemDetails } from "./problem-details.ts";
import { Outcome, Run, RunState, TerminalSize } from "./run.ts";

/**
 * The messages between the extension and the webview of one run. The extension replays the run from the daemon
 * whenever the webview sends `ready`, so the webview holds no state of its own that matters.
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

/** The host and login, for the panel's header; null where unknown. */
export const PanelHost = z.object({
  name: z.string(),
  /** `user@address:port`, without parts that are unknown or have their default. */
  where: z.string(),
  production: z.boolean(),
});
export type PanelHost = z.infer<typeof PanelHost>;

/** Every text that the webview shows, in the user's language, by the keys of panel-labels.ts. */
export const PanelLabels = z.record(z.string(), z.string());
export type PanelLabels = z.infer<typeof PanelLabels>;

/** Actions on a run from its toolbar, the context menu, or the palette. */
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
  /** A run may follow: prepare what takes long. */
  z.object({ type: z.literal("prepare"), look: Look, words: PanelLabels }),
  /** Clear, and show this run. The first message after `ready`. */
  z.object({
    type: z.literal("show"),
    run: Run,
    host: PanelHost,
    look: Look,
    words: PanelLabels,
    /** Milliseconds since the run's start, by the daemon's clock. */
    elapsedMs: z.number().nonnegative(),
  }),
  /** The output of one animation frame, in order; `ageMs`: the time since the newest of it was written. */
  z.object({ type: z.literal("output"), chunks: z.array(Chunk), ageMs: z.number().nonnegative().optional() }),
  z.object({
    type: z.literal("status"),
    state: RunState,
    message: z.string(),
    detail: z.string().nullable(),
    reconnecting: z.literal(true).optional(),
    /** A stop was requested, here or elsewhere. */
    stopping: z.literal(true).optional(),
    /** Cipher and type of host key, e.g. "aes128-gcm · ed25519". */
    transport: z.string().optional(),
  }),
  z.object({ type: z.literal("gap"), stream: OutputStream, bytes: z.int().nonnegative() }),
  /** `actions`: the titles of possible fixes, besides those the webview itself offers. */
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
    /** Details of the connection, e.g. "warm connection, first byte 6 ms". */
    detail: z.string().nullable(),
  }),
  /** A line of the debug log. */
  z.object({ type: z.literal("log"), at: z.string(), message: z.string() }),
  /** A tool requested from outside, by a keyboard shortcut or a menu. */
  z.object({ type: z.literal("tool"), tool: PanelTool }),
  /** A temporary message in the status line, e.g. that something was copied. */
  z.object({ type: z.literal("notice"), text: z.string() }),
  z.object({ type: z.literal("look"), look: Look }),
  /** The note on the run, when it has changed; null: none. */
  z.object({ type: z.literal("note"), note: z.string().nullable() }),
]);
export type ToPanel = z.infer<typeof ToPanel>;

export const FromPanel = z.discriminatedUnion("type", [
  z.object({ type: z.literal("ready") }),
  /**
   * The number of characters of chunks' `data`, as posted, that were drawn since the last acknowledgement; the
   * extension pauses above 100,000. `show` resets the count.
   */
  z.object({ type: z.literal("drawn"), characters: z.int().positive() }),
  /** The page has received the keyboard focus. */
  z.object({ type: z.literal("focused") }),
  z.object({ type: z.literal("stop") }),
  z.object({ type: z.literal("runAgain") }),
  /**
   * Run the same command again, with standard input open for what is typed; `pty`: in a terminal of the screen's size.
   */
  z.object({ type: z.literal("runWithInput"), pty: z.boolean(), ...TerminalSize.shape }),
  /** The screen size of a command that runs in a terminal, initially and when it has changed. */
  z.object({ type: z.literal("size"), ...TerminalSize.shape }),
  /** Input typed for a run whose standard input is open; `end` closes it afterwards. */
  z.object({ type: z.literal("stdin"), data: z.string().max(65_536), end: z.boolean() }),
  z.object({ type: z.literal("save") }),
  /** The selection, for the clipboard. */
  z.object({ type: z.literal("copied"), text: z.string().max(64 * 1024 * 1024) }),
  /** Copy all recorded output to the clipboard; a `notice` follows. */
  z.object({ type: z.literal("copyOutput") }),
  /** Show all recorded output in an editor. */
  z.object({ type: z.literal("openOutput") }),
  z.object({ type: z.literal("openLink"), url: z.string().regex(/^https?:\/\//) }),
  /** Sent for a run that failed because of an unknown host key. */
  z.object({ type: z.literal("trust") }),
  /** The title of an action of the problem shown. */
  z.object({ type: z.literal("mend"), action: z.string().max(256) }),
  /** Show the run's own debug log as a document. */
  z.object({ type: z.literal("showLog") }),
  z.object({ type: z.literal("editNote") }),
]);
export type FromPanel = z.infer<typeof FromPanel>;

/** State kept with `setState`, so that the webview finds its run again after a window reload. */
export const PanelState = z.object({ runId: z.string() });
export type PanelState = z.infer<typeof PanelState>;
