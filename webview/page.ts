import * as z from "zod";

// Otherwise zod would test whether it may compile parsers with `new Function`, which the page's CSP refuses. It
// decides when a schema is created: import this file before any of protocol/.
z.config({ jitless: true });

/** The element that the extension's HTML provides for the webview. */
export function findApp(): HTMLElement {
  const app = document.querySelector<HTMLElement>("#app");
  if (app === null) throw new Error("the page has no #app");
  return app;
}
