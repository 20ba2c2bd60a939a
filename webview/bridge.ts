import { FromPanel, PanelState, ToPanel } from "../protocol/panel.ts";

declare function acquireVsCodeApi(): { postMessage(message: unknown): void; setState(state: unknown): void };

export interface Bridge {
  post(message: FromPanel): void;
  /** Kept by VS Code, so that a window reload finds the run again. */
  keep(state: PanelState): void;
}

/**
 * The one way in and out of the webview. Messages come in lists; those that do not fit protocol/panel.ts are not
 * delivered; `refuse` is told where they do not fit, never what they hold.
 */
export function createBridge(receive: (message: ToPanel) => void, refuse: (path: string) => void): Bridge {
  const api = acquireVsCodeApi();
  prepareSchemas();
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

/** zod puts a schema together when it is first used: those that every run begins with, before there is one. */
function prepareSchemas(): void {
  ToPanel.safeParse({
    type: "show",
    run: { host: {}, options: {}, timings: {} },
    host: {},
    look: {},
    words: {},
  });
  ToPanel.safeParse({ type: "output", chunks: [{}] });
  ToPanel.safeParse({ type: "status" });
  ToPanel.safeParse({ type: "log" });
}
