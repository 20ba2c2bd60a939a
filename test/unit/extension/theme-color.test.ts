import { expect, test } from "vitest";
import { colorPicture, rowColors, themeColor } from "../../../extension/hosts/theme-color.ts";

test.each([
  ["#ff0000", "charts.red"],
  ["#B00020", "charts.red"],
  ["#ff8800", "charts.orange"],
  ["#ffd000", "charts.yellow"],
  ["#00ff00", "charts.green"],
  ["#008844", "charts.green"],
  ["#0066ff", "charts.blue"],
  ["#00c8ff", "charts.blue"],
  ["#8800ff", "charts.purple"],
  ["#ff0066", "charts.red"],
  ["#808080", "descriptionForeground"],
  ["#ffffff", "descriptionForeground"],
])("%s is shown as %s of the theme", (color, shown) => {
  expect(themeColor(color)).toBe(shown);
});

test("a colour of the theme is shown as it is, also under its plain name", () => {
  for (const name of rowColors) expect(themeColor(name)).toBe(name);
  expect(themeColor("red")).toBe("charts.red");
  expect(themeColor("terminal.ansiCyan")).toBe("terminal.ansiCyan");
});

test("a colour is pictured as it is", () => {
  const svg = (color: string): string =>
    Buffer.from(colorPicture(color).split(",")[1] ?? "", "base64").toString();
  expect(svg("#ff8800")).toContain('fill="#ff8800"');
  expect(svg("charts.red")).toContain('fill="#f14c4c"');
});
