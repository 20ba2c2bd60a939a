import type { ITheme } from "@xterm/xterm";

/** Colours of the search's matches, as `#rrggbb`, which decorations require. */
export interface MatchColours {
  match: string;
  activeMatch: string;
  /** The colour of its text; by default unchanged. */
  activeForeground?: string;
  /** Only if the theme has one, as high-contrast themes do. */
  matchBorder: string | undefined;
  activeBorder: string;
}

export interface ScreenTheme {
  colours: ITheme;
  matches: MatchColours;
  /** The minimum contrast between text and background: WCAG AA, and AAA in a high-contrast theme. */
  contrast: number;
}

const forced = "(forced-colors: active)";
const ansi = ["black", "red", "green", "yellow", "blue", "magenta", "cyan", "white"] as const;

/** The current colours: VS Code's CSS variables, unless the system forces its own colours. */
export function readTheme(): ScreenTheme {
  const theme = readVariables();
  return matchMedia(forced).matches ? forcedTheme(theme.colours) : theme;
}

function readVariables(): ScreenTheme {
  const highContrast = /vscode-high-contrast/.test(document.body.className);
  const background = colour("terminal-background", "editor-background") ?? "#1f1f1f";
  const foreground = colour("terminal-foreground", "editor-foreground", "foreground") ?? "#cccccc";
  const selection = colour("terminal-selectionBackground", "editor-selectionBackground") ?? "#264f78";
  const slider = colour("scrollbarSlider-background");
  const colours: ITheme = {
    background,
    foreground,
    cursor: colour("terminalCursor-foreground", "terminal-foreground", "foreground") ?? foreground,
    cursorAccent: colour("terminalCursor-background") ?? background,
    selectionBackground: selection,
    selectionInactiveBackground: colour("terminal-inactiveSelectionBackground") ?? selection,
    overviewRulerBorder: colour("panel-border") ?? "#00000000",
  };
  assign(colours, "selectionForeground", colour("terminal-selectionForeground"));
  assign(colours, "scrollbarSliderBackground", slider);
  assign(colours, "scrollbarSliderHoverBackground", colour("scrollbarSlider-hoverBackground"));
  assign(colours, "scrollbarSliderActiveBackground", colour("scrollbarSlider-activeBackground"));
  for (const name of ansi) {
    const capital = `${name[0]?.toUpperCase() ?? ""}${name.slice(1)}`;
    assign(colours, name, colour(`terminal-ansi${capital}`));
    assign(colours, `bright${capital}`, colour(`terminal-ansiBright${capital}`));
  }
  return { colours, matches: readMatches(background), contrast: highContrast ? 7 : 4.5 };
}

/**
 * The theme for forced colours (Windows' contrast themes): the system's text, background and selection, and a
 * terminal's sixteen colours adjusted to be readable on them.
 */
function forcedTheme(colours: ITheme): ScreenTheme {
  const background = systemColour("Canvas");
  const foreground = systemColour("CanvasText");
  const marked = systemColour("Highlight");
  const markedText = systemColour("HighlightText");
  return {
    colours: {
      ...colours,
      background,
      foreground,
      cursor: foreground,
      cursorAccent: background,
      selectionBackground: marked,
      selectionInactiveBackground: marked,
      selectionForeground: markedText,
    },
    matches: {
      match: background,
      activeMatch: marked,
      activeForeground: markedText,
      matchBorder: foreground,
      activeBorder: foreground,
    },
    contrast: 7,
  };
}

/** A system colour as `#rrggbb`; a canvas does not support forced ones. */
function systemColour(name: string): string {
  const probe = document.createElement("span");
  probe.style.backgroundColor = name;
  document.body.append(probe);
  const value = getComputedStyle(probe).backgroundColor;
  probe.remove();
  return hex(paint([value])).slice(0, 7);
}

/**
 * Calls back when VS Code changes the theme, for which it rewrites the body's class and the root's style, and when the
 * system starts or stops forcing its colours, or changes them.
 */
export function watchTheme(changed: () => void): void {
  const observer = new MutationObserver(changed);
  const options = { attributes: true, attributeFilter: ["class", "style"] };
  observer.observe(document.body, options);
  observer.observe(document.documentElement, options);
  const system = [forced, "(prefers-color-scheme: dark)"].map((query) => matchMedia(query));
  for (const query of system) query.addEventListener("change", changed);
}

function readMatches(background: string): MatchColours {
  const match = colour("terminal-findMatchHighlightBackground", "editor-findMatchHighlightBackground");
  const active = colour("terminal-findMatchBackground", "editor-findMatchBackground");
  const activeBorder = colour("terminal-findMatchBorder", "editor-findMatchBorder", "contrastActiveBorder");
  const matchBorder = colour("terminal-findMatchHighlightBorder", "editor-findMatchHighlightBorder");
  return {
    match: opaque(match ?? "#ea5c0055", background),
    activeMatch: opaque(active ?? "#9e6a03", background),
    matchBorder: matchBorder === undefined ? undefined : opaque(matchBorder, background),
    activeBorder: opaque(activeBorder ?? active ?? "#9e6a03", background),
  };
}

function assign(colours: ITheme, name: string, value: string | undefined): void {
  if (value !== undefined) Object.assign(colours, { [name]: value });
}

/** The first of VS Code's variables that contains a colour, as `#rrggbbaa`. */
function colour(...names: string[]): string | undefined {
  const style = getComputedStyle(document.documentElement);
  for (const name of names) {
    const value = style.getPropertyValue(`--vscode-${name}`).trim();
    if (value !== "" && CSS.supports("color", value)) return hex(paint([value]));
  }
  return undefined;
}

function opaque(value: string, background: string): string {
  return hex(paint(["#000000", background, value])).slice(0, 7);
}

const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });

/** The pixel that results from painting these colours over one another. */
function paint(values: string[]): Uint8ClampedArray {
  if (canvas === null) return new Uint8ClampedArray(4);
  canvas.clearRect(0, 0, 1, 1);
  for (const value of values) {
    canvas.fillStyle = value;
    canvas.fillRect(0, 0, 1, 1);
  }
  return canvas.getImageData(0, 0, 1, 1).data;
}

function hex(pixel: Uint8ClampedArray): string {
  return `#${Array.from(pixel, (part) => part.toString(16).padStart(2, "0")).join("")}`;
}
