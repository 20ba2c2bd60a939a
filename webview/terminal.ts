import "./terminal.css";
import { findApp } from "./page.ts";
import type { FromPanel, ToPanel } from "../protocol/panel.ts";
import { createBridge } from "./bridge.ts";
import { RunPanel } from "./run-panel.ts";
import { PreparedScreen } from "./prepared-screen.ts";
import { useWords, word } from "./labels.ts";

/** The webview of one run: says `ready`, then shows what the extension sends, from each `show` anew. */
const app = findApp();
let panel: RunPanel | undefined;
/** For the run that comes next. */
let prepared: PreparedScreen | undefined;

const bridge = createBridge(receive, (path) => panel?.note(word("messageNotUnderstood", path)));

function receive(message: ToPanel): void {
  if (message.type === "prepare") {
    useWords(message.words);
    prepared ??= new PreparedScreen(app, message.look, bridge);
  } else if (message.type === "show") show(message);
  else panel?.receive(message);
}

function show(message: Extract<ToPanel, { type: "show" }>): void {
  useWords(message.words);
  bridge.keep({ runId: message.run.id });
  const taken = prepared ?? new PreparedScreen(app, message.look, bridge);
  prepared = undefined;
  panel?.dispose();
  panel = new RunPanel(app, message, { ...bridge, post }, taken);

  function post(said: FromPanel): void {
    bridge.post(said);
    // While the daemon starts it.
    if (isAgain(said)) prepared ??= new PreparedScreen(app, message.look, bridge);
  }
}

function isAgain({ type }: FromPanel): boolean {
  return type === "runAgain" || type === "runWithInput";
}

bridge.post({ type: "ready" });

function tellFocus(): void {
  bridge.post({ type: "focused" });
}
window.addEventListener("focus", tellFocus);
if (document.hasFocus()) tellFocus();
