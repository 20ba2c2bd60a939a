import "./terminal.css";
import { findApp } from "./page.ts";
import type { Look, ToPanel } from "../protocol/panel.ts";
import { createBridge } from "./bridge.ts";
import { RunPanel } from "./run-panel.ts";
import { PanelFrame } from "./panel-frame.ts";
import { useWords, word } from "./labels.ts";

/** The webview of one run: says `ready`, then shows what the extension sends, from each `show` anew. */
const app = findApp();
let frame: PanelFrame | undefined;
let panel: RunPanel | undefined;

const bridge = createBridge(receive, (path) => panel?.note(word("messageNotUnderstood", path)));

function receive(message: ToPanel): void {
  if (message.type === "prepare") {
    useWords(message.words);
    frameWith(message.look);
  } else if (message.type === "show") show(message);
  else panel?.receive(message);
}

function show(message: Extract<ToPanel, { type: "show" }>): void {
  useWords(message.words);
  bridge.keep({ runId: message.run.id });
  panel?.dispose();
  panel = new RunPanel(frameWith(message.look), message, bridge);
}

function frameWith(look: Look): PanelFrame {
  frame ??= new PanelFrame(app, look, bridge);
  return frame;
}

bridge.post({ type: "ready" });

function tellFocus(): void {
  bridge.post({ type: "focused" });
}
window.addEventListener("focus", tellFocus);
if (document.hasFocus()) tellFocus();
