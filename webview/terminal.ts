import "./terminal.css";
import { findApp } from "./page.ts";
import type { ToPanel } from "../protocol/panel.ts";
import { createBridge } from "./bridge.ts";
import { rehearse } from "./rehearsal.ts";
import { RunPanel } from "./run-panel.ts";
import { isReadAloud } from "./screen.ts";
import { setLabels, label } from "./labels.ts";

/** The webview of a run's tab: sends `ready`, then shows what the extension sends, starting over with each `show`. */
const app = findApp();
let panel: RunPanel | undefined;
const rehearsal = new AbortController();

const bridge = createBridge(receive, (path) => panel?.note(label("messageNotUnderstood", path)));

function receive(message: ToPanel): void {
  if (message.type === "prepare") {
    app.classList.add("prepared");
    const prepared = panelWith(message);
    if (!isReadAloud(message.look)) void rehearse(prepared, message, rehearsal.signal);
  } else if (message.type === "show") {
    rehearsal.abort();
    panelWith(message).show(message);
    app.classList.remove("prepared");
    bridge.keep({ runId: message.run.id });
  } else panel?.receive(message);
}

function panelWith({ look, words }: Extract<ToPanel, { type: "prepare" | "show" }>): RunPanel {
  setLabels(words);
  panel ??= new RunPanel(app, look, bridge);
  return panel;
}

bridge.post({ type: "ready" });

function tellFocus(): void {
  bridge.post({ type: "focused" });
}
window.addEventListener("focus", tellFocus);
if (document.hasFocus()) tellFocus();
