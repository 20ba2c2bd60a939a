import * as fc from "fast-check";

/** Any text without NUL, with more of what shells trip over. */
export const awkwardText = fc
  .array(
    fc.oneof(
      {
        weight: 3,
        arbitrary: fc.constantFrom(...Array.from("'\"\\$`!*?[]{}()<>|&;#~=%^ \t\n\r-\u0001\u001b\u007f")),
      },
      { weight: 1, arbitrary: fc.string({ unit: "grapheme", maxLength: 4 }) },
      { weight: 1, arbitrary: fc.constantFrom("é€😀", "$(id)", "`id`", "!!", "\\'", "EOF", "\u2028", "--") },
    ),
    { maxLength: 20 },
  )
  .map((parts) => parts.join("").replaceAll("\0", ""));
