/**
 * Creates an element with attributes and children. Children are text or elements, never HTML: the name of a host or a
 * command always remains text.
 */
export function element<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Record<string, string> = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[Tag] {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

/** A codicon; it is hidden from screen readers, so the control around it carries the label. */
export function icon(name: string): HTMLElement {
  return element("span", { class: `codicon codicon-${name}`, "aria-hidden": "true" });
}

/** A button with an icon, whose accessible name is its label. */
export function iconButton(name: string, label: string, press: () => void): HTMLButtonElement {
  const button = element("button", { class: "tool", type: "button", title: label, "aria-label": label });
  button.append(icon(name));
  button.addEventListener("click", press);
  // VS Code replays keys pressed in a page to its own window, to find a shortcut, before the button's action.
  button.addEventListener("keydown", (event) => {
    if (event.key === "Enter" || event.key === " ") event.stopPropagation();
  });
  return button;
}
