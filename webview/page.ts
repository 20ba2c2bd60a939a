import * as z from "zod";

// zod would otherwise try whether it may compile parsers by `new Function`, which the page's CSP refuses. It
// decides so where a schema is made: this file is to be imported before any of protocol/.
z.config({ jitless: true });

/** The element that the extension's shell leaves to the webview. */
export function findApp(): HTMLElement {
  const app = document.querySelector<HTMLElement>("#app");
  if (app === null) throw new Error("the page has no #app");
  return app;
}
