export interface Bar {
  /** Stacked on top of one another. */
  readonly parts: readonly { readonly value: number; readonly kind: "warm" | "cold" }[];
  readonly label: string;
}

const height = 24;
const step = 6;
const namespace = "http://www.w3.org/2000/svg";

/** Bars scaled to the longest of them. Screen readers are given `title` and the label of each bar. */
export function barChart(title: string, bars: readonly Bar[]): SVGSVGElement {
  const most = Math.max(
    ...bars.map(({ parts }) => parts.reduce((sum, { value }) => sum + value, 0)),
    Number.MIN_VALUE,
  );
  const width = Math.max(1, bars.length) * step;
  const chart = svg("svg", {
    width,
    height,
    viewBox: `0 0 ${width} ${height}`,
    role: "img",
    "aria-label": `${title}: ${bars.map(({ label }) => label).join("; ")}`,
  });
  for (const [index, { parts, label }] of bars.entries()) {
    const group = svg("g");
    const hint = svg("title");
    hint.textContent = label;
    group.append(hint);
    let top = height;
    for (const { value, kind } of parts) {
      if (value === 0) continue;
      // Even a tiny value must be visible.
      const tall = Math.max(1.5, (value / most) * (height - 1));
      top -= tall;
      group.append(
        svg("rect", { class: kind, x: index * step + 0.5, y: top, width: step - 2, height: tall }),
      );
    }
    chart.append(group);
  }
  return chart;
}

function svg<Tag extends keyof SVGElementTagNameMap>(
  tag: Tag,
  attributes: Readonly<Record<string, string | number>> = {},
): SVGElementTagNameMap[Tag] {
  const made = document.createElementNS(namespace, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, String(value));
  return made;
}
