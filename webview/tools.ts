import type { PanelTool } from "../protocol/panel.ts";
import { controlKey } from "./links.ts";
import { word } from "./labels.ts";

/** The tools of the toolbar. */
export type ToolName = Exclude<PanelTool, "copySelection" | "selectAll" | "openOutput">;

export interface Tool {
  name: ToolName;
  icon: string;
  label: string;
}

/** What can be done with a run, in the order of the toolbar. */
export function listTools(): Tool[] {
  return [
    { name: "stop", icon: "debug-stop", label: word("stopHint") },
    { name: "runAgain", icon: "refresh", label: word("runAgain") },
    { name: "runInTerminal", icon: "terminal", label: word("runInTerminal") },
    { name: "find", icon: "search", label: word("findHint", controlKey()) },
    { name: "copyOutput", icon: "copy", label: word("copyOutput") },
    { name: "saveOutput", icon: "save", label: word("saveOutput") },
    { name: "clear", icon: "clear-all", label: word("clear") },
    { name: "note", icon: "note", label: word("editNote") },
    { name: "debugLog", icon: "output", label: word("debugLog") },
  ];
}
