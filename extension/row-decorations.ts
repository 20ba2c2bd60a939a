import * as vscode from "vscode";
import type { Host } from "../protocol/host.ts";
import { themeColor } from "./hosts/theme-color.ts";

const scheme = "hostrun-host";

/**
 * A URI with the attributes that the row of a host shows besides its text. They are all in the URI, so that they
 * cannot be older than the row.
 */
export function hostRowUri({ name, production, color }: Host): vscode.Uri {
  const marks = new URLSearchParams({
    ...(production && { production: "1" }),
    ...(color !== null && { color }),
  });
  return vscode.Uri.from({ scheme, path: `/${name}`, query: marks.toString() });
}

/** Marks the rows of production hosts where a narrow view cuts nothing off, and colours those with a colour. */
export function decorateRows(): vscode.Disposable {
  return vscode.window.registerFileDecorationProvider({
    provideFileDecoration(uri) {
      if (uri.scheme !== scheme) return undefined;
      const marks = new URLSearchParams(uri.query);
      const production = marks.has("production");
      const color = marks.get("color") ?? (production ? "hostrun.productionForeground" : undefined);
      const shown = color === undefined ? undefined : new vscode.ThemeColor(themeColor(color));
      // The row's own tooltip has it in words.
      return new vscode.FileDecoration(production ? "P" : undefined, undefined, shown);
    },
  });
}
