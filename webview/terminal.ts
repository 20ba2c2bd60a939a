import "./terminal.css";
import { findApp } from "./page.ts";
import type { ToPanel } from "../protocol/panel.ts";
import { createBridge } from "./bridge.ts";
import { RunPanel } from "./run-panel.ts";
import { setLabels, label } from "./labels.ts";

/** The webview of a run's tab: sends `ready`, then shows what the extension sends, starting over with each `show`. */
const app = findApp();
let panel: RunPanel | undefined;

const bridge = createBridge(receive, (path) => panel?.note(label("messageNotUnderstood", path)));

function receive(message: ToPanel): void {
  if (message.type === "prepare") panelWith(message);
  else if (message.type === "show") {
    panelWith(message).show(message);
    bridge.keep({ runId: message.run.id });
  } else panel?.receive(message);
}

function panelWith({ type, look, words }: Extract<ToPanel, { type: "prepare" | "show" }>): RunPanel {
  setLabels(words);
  panel ??= new RunPanel(app, look, bridge, type === "prepare");
  return panel;
}

bridge.post({ type: "ready" });

function tellFocus(): void {
  bridge.post({ type: "focused" });
}
window.addEventListener("focus", tellFocus);
if (document.hasFocus()) tellFocus();
