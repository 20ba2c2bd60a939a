import type { PanelTool } from "../protocol/panel.ts";
import { controlKey } from "./links.ts";
import { label } from "./labels.ts";

/** The tools of the toolbar. */
export type ToolName = Exclude<PanelTool, "copySelection" | "selectAll" | "openOutput">;

export interface Tool {
  name: ToolName;
  icon: string;
  label: string;
}

/** The actions on a run, in the order of the toolbar. */
export function listTools(): Tool[] {
  return [
    { name: "stop", icon: "debug-stop", label: label("stopHint") },
    { name: "runAgain", icon: "refresh", label: label("runAgain") },
    { name: "runInTerminal", icon: "terminal", label: label("runInTerminal") },
    { name: "find", icon: "search", label: label("findHint", controlKey()) },
    { name: "copyOutput", icon: "copy", label: label("copyOutput") },
    { name: "saveOutput", icon: "save", label: label("saveOutput") },
    { name: "clear", icon: "clear-all", label: label("clear") },
    { name: "note", icon: "note", label: label("editNote") },
    { name: "debugLog", icon: "output", label: label("debugLog") },
  ];
}
