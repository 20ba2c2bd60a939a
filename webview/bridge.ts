import { FromPanel, PanelState, ToPanel } from "../protocol/panel.ts";

declare function acquireVsCodeApi(): { postMessage(message: unknown): void; setState(state: unknown): void };

export interface Bridge {
  post(message: FromPanel): void;
  /** Stored by VS Code, so that the run is found again after a window reload. */
  keep(state: PanelState): void;
}

/**
 * The webview's only channel to the extension. Messages arrive in lists; those that do not match protocol/panel.ts are
 * dropped, and `refuse` receives the path of the mismatch, never the content.
 */
export function createBridge(receive: (message: ToPanel) => void, refuse: (path: string) => void): Bridge {
  const api = acquireVsCodeApi();
  window.addEventListener("message", (event) => {
    const data: unknown = event.data;
    for (const message of Array.isArray(data) ? data : [data]) {
      const parsed = ToPanel.safeParse(message);
      if (parsed.success) receive(parsed.data);
      else refuse(parsed.error.issues[0]?.path.join(".") ?? "");
    }
  });
  return {
    post: (message) => {
      api.postMessage(FromPanel.parse(message));
    },
    keep: (state) => {
      api.setState(PanelState.parse(state));
    },
  };
}
