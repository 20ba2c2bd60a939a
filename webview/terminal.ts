import "./terminal.css";
import { findApp } from "./page.ts";
import type { ToPanel } from "../protocol/panel.ts";
import { createBridge } from "./bridge.ts";
import { RunPanel } from "./run-panel.ts";
import { useWords, word } from "./labels.ts";

/** The webview of one run: says `ready`, then shows what the extension sends, from each `show` anew. */
const app = findApp();
let panel: RunPanel | undefined;

const bridge = createBridge(receive, (path) => panel?.note(word("messageNotUnderstood", path)));

function receive(message: ToPanel): void {
  if (message.type === "show") {
    panel?.dispose();
    useWords(message.words);
    bridge.keep({ runId: message.run.id });
    panel = new RunPanel(app, message, bridge);
  } else panel?.receive(message);
}

bridge.post({ type: "ready" });

function tellFocus(): void {
  bridge.post({ type: "focused" });
}
window.addEventListener("focus", tellFocus);
if (document.hasFocus()) tellFocus();
