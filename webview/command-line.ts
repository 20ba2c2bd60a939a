import { element } from "./element.ts";
import { label } from "./labels.ts";

const hoverMs = 500;

/**
 * The command on one line. If it does not fit, the whole command is shown below while the line is hovered or focused;
 * a click or Enter pins it, so that its text can be selected.
 */
export function createCommandLine(command: string): HTMLElement[] {
  const text = command.trim().replace(/\s*\n\s*/g, " ⏎ ");
  const name = `${label("command")}: ${command}`;
  const line = element("code", { class: "command", role: "note", tabindex: "0", "aria-label": name }, text);
  const whole = element("pre", { class: "command-whole", "aria-hidden": "true", hidden: "" }, command);
  let timer: number | undefined;
  const show = (): void => {
    whole.hidden = line.scrollWidth <= line.clientWidth && !command.trim().includes("\n");
  };
  const hide = (): void => {
    window.clearTimeout(timer);
    timer = undefined;
    if (!whole.classList.contains("kept")) whole.hidden = true;
  };
  const keep = (kept: boolean): void => {
    whole.classList.toggle("kept", kept);
    if (kept) show();
    else hide();
  };
  // Ignores a mouse that merely happens to be where the tab was opened.
  line.addEventListener("pointermove", () => {
    timer ??= window.setTimeout(show, hoverMs);
  });
  line.addEventListener("pointerleave", hide);
  line.addEventListener("focus", show);
  line.addEventListener("blur", hide);
  line.addEventListener("click", () => keep(!whole.classList.contains("kept")));
  line.addEventListener("keydown", (event) => {
    if (event.key === "Enter") keep(true);
    else if (event.key === "Escape") keep(false);
  });
  return [line, whole];
}
