import "./job.css";
import { findApp } from "../page.ts";
import { FromJobPanel, JobPanelState, ToJobPanel } from "../../protocol/job-panel.ts";
import { setLabels } from "../labels.ts";
import { JobView } from "./job-view.ts";

declare function acquireVsCodeApi(): { postMessage(message: unknown): void; setState(state: unknown): void };

/** The webview of one job: sends `ready`, then shows what the extension sends, starting over with each `job`. */
const app = findApp();
const api = acquireVsCodeApi();
let view: JobView | undefined;

function post(message: FromJobPanel): void {
  api.postMessage(FromJobPanel.parse(message));
}

window.addEventListener("message", ({ data }: MessageEvent<unknown>) => {
  const { success, data: message } = ToJobPanel.safeParse(data);
  if (!success) return;
  if (message.type === "job") {
    setLabels(message.words);
    api.setState(JobPanelState.parse({ jobId: message.jobId }));
    view?.dispose();
    view = new JobView(app, message, post);
  } else view?.receive(message);
});
post({ type: "ready" });
