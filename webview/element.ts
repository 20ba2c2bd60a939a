/**
 * Makes an element from a class list, attributes and children. Children are text or elements, never HTML:
 * whatever a host or a command is called stays text.
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

/** A codicon; it says nothing to screen readers, so the control around it carries the label. */
export function icon(name: string): HTMLElement {
  return element("span", { class: `codicon codicon-${name}`, "aria-hidden": "true" });
}

/** A button that shows an icon and is called by its label. */
export function iconButton(name: string, label: string, press: () => void): HTMLButtonElement {
  const button = element("button", { class: "tool", type: "button", title: label, "aria-label": label });
  button.append(icon(name));
  button.addEventListener("click", press);
  return button;
}
