/** The theme colours offered for a row. */
export const rowColors = [
  "charts.red",
  "charts.orange",
  "charts.yellow",
  "charts.green",
  "charts.blue",
  "charts.purple",
] as const;
export type RowColor = (typeof rowColors)[number];

/** As in VS Code's dark theme. */
const samples: Readonly<Record<RowColor, string>> = {
  "charts.red": "#f14c4c",
  "charts.orange": "#d18616",
  "charts.yellow": "#cca700",
  "charts.green": "#89d185",
  "charts.blue": "#3794ff",
  "charts.purple": "#b180d7",
};

/**
 * The theme colour for a host's colour, since VS Code supports no others in a row: for `#rrggbb` the one of the
 * nearest hue, for a grey the theme's pale text, for `red` the theme's red.
 */
export function themeColor(color: string): string {
  const hue = hueOf(color);
  if (hue === undefined) return rowColors.find((name) => name === `charts.${color}`) ?? color;
  return hue === "none" ? "descriptionForeground" : nearest(hue);
}

/** An image of a colour, since an icon in a quick pick cannot use theme colours. */
export function colorPicture(color: string): string {
  const fill = rowColors.find((name) => name === color);
  const circle = `<circle cx="8" cy="8" r="5" fill="${fill === undefined ? color : samples[fill]}"/>`;
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="16" height="16">${circle}</svg>`;
  return `data:image/svg+xml;base64,${Buffer.from(svg).toString("base64")}`;
}

function nearest(hue: number): RowColor {
  const distance = (name: RowColor): number => {
    const own = hueOf(samples[name]);
    const apart = typeof own === "number" ? Math.abs(hue - own) : 360;
    return Math.min(apart, 360 - apart);
  };
  return rowColors.reduce((best, name) => (distance(name) < distance(best) ? name : best));
}

/** The hue of `#rrggbb`, in degrees; "none" for a grey, undefined for anything else. */
function hueOf(color: string): number | "none" | undefined {
  const match = /^#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})$/i.exec(color);
  if (match === null) return undefined;
  const [red = 0, green = 0, blue = 0] = match.slice(1).map((part) => Number.parseInt(part, 16));
  const most = Math.max(red, green, blue);
  const span = most - Math.min(red, green, blue);
  // Too little saturation to be perceived as a colour.
  if (span < 24) return "none";
  if (most === red) return (60 * ((green - blue) / span) + 360) % 360;
  return most === green ? 60 * ((blue - red) / span) + 120 : 60 * ((red - green) / span) + 240;
}
