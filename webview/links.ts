import type { ILinkHandler } from "@xterm/xterm";
import { label } from "./labels.ts";

interface LinkOptions {
  /** Links marked up in the output (OSC 8); their text may be misleading, so the target is shown. */
  osc8: ILinkHandler;
  /** Addresses found in the output. */
  web: {
    activate: (event: MouseEvent, url: string) => void;
    hover: (event: MouseEvent, url: string) => void;
    leave: () => void;
  };
}

/** Links open on Ctrl+click (Cmd on a Mac), http and https only; on hover `surface` shows their target. */
export function linkOptions(surface: HTMLElement, open: (url: string) => void): LinkOptions {
  const activate = (event: MouseEvent, url: string): void => {
    const address = URL.canParse(url) ? new URL(url) : undefined;
    if (!(event.ctrlKey || event.metaKey) || address === undefined) return;
    if (address.protocol === "http:" || address.protocol === "https:") open(address.href);
  };
  const hover = (_event: MouseEvent, url: string): void => {
    surface.title = label("followLink", url, controlKey());
  };
  const leave = (): void => surface.removeAttribute("title");
  return { osc8: { activate, hover, leave, allowNonHttpProtocols: false }, web: { activate, hover, leave } };
}

/** This platform's name for the modifier key of shortcuts. */
export function controlKey(): string {
  return navigator.userAgent.includes("Mac OS") ? "Cmd" : "Ctrl";
}
