const ESC = "\u001b";
const ST = `${ESC}\\`;

/** What a host may print, or call itself, to fool or to harm who looks at it, by what that is. */
export const hostileOutput: readonly (readonly [what: string, text: string])[] = [
  ["a repeat of a thousand million", `x${ESC}[999999999b`],
  ["a move far to the right, and letters inserted there", `${ESC}[4294967295C${ESC}[2147483647@`],
  [
    "lines inserted and scrolled without end",
    `${ESC}[99999999999999999999L${ESC}[999999999S${ESC}[999999999T`,
  ],
  ["counts behind an eight-bit introducer", "\u009b999999999b\u009b999999999P"],
  ["a parameter of 100,000 digits", `${ESC}[${"9".repeat(100_000)}b`],
  ["100,000 parameters", `${ESC}[${"1;".repeat(100_000)}m`],
  ["a title", `${ESC}]0;root@bank${ST}${ESC}]2;owned\u0007`],
  ["a title by an eight-bit introducer", "\u009d0;owned\u009c"],
  ["the clipboard, written and read", `${ESC}]52;c;cm0gLXJmIH4=\u0007${ESC}]52;c;?\u0007`],
  ["a link to a program", `${ESC}]8;;javascript:alert(1)${ST}click${ESC}]8;;${ST}`],
  ["a link to a file", `${ESC}]8;;file:///etc/shadow${ST}click${ESC}]8;;${ST}`],
  [
    "a link to a command of the editor",
    `${ESC}]8;;command:workbench.action.terminal.new${ST}x${ESC}]8;;${ST}`,
  ],
  ["a link that does not end", `${ESC}]8;;http://${"a".repeat(100_000)}`],
  ["a palette and colours", `${ESC}]4;1;?${ST}${ESC}]10;?\u0007${ESC}]11;#000000\u0007`],
  ["questions for what the terminal is", `${ESC}[c${ESC}[>c${ESC}[=c${ESC}Z${ESC}[>q`],
  ["questions for where the cursor is", `${ESC}[5n${ESC}[6n${ESC}[?6n`],
  [
    "questions for modes and settings",
    `${ESC}[?1$p${ESC}[20$p${ESC}P$qm${ST}${ESC}P+q544e${ST}${ESC}[x${ESC}[?u`,
  ],
  [
    "a window that is moved, resized and asked for its title",
    `${ESC}[3;0;0t${ESC}[8;1;1t${ESC}[21t${ESC}[18t`,
  ],
  [
    "questions that few terminals answer",
    `\u0005\u009a${ESC}[?4m${ESC}[?1;1S${ESC}[1$w${ESC}[1$u${ESC}[#|${ESC}[#R${ESC}[1'|${ESC}["v${ESC}[&u`,
  ],
  [
    "a keyboard that is locked, or writes otherwise",
    `${ESC}[2h${ESC}[12l${ESC}[>4;2m${ESC}[>1u${ESC}[=1u${ESC}=${ESC}[?1h${ESC}[?66h${ESC}[?8l`,
  ],
  ["a title for screen and tmux", `${ESC}kowned${ST}`],
  ["a file by ZMODEM", "**\u0018B00000000000000\r\u008a\u0011"],
  [
    "another terminal: VT52, Tektronix, 132 columns",
    `${ESC}[?2l${ESC}[?38h${ESC}[?40;3h${ESC}[62;1"p${ESC}%@`,
  ],
  ["modes behind zeros, and those kept before", `${ESC}[?02004h${ESC}[?0001003h${ESC}[?2004r${ESC}[?1003s`],
  ["a checksum of the screen", `${ESC}[1;1;1;1;1;1*y`],
  ["a picture", `${ESC}Pq#0;2;0;0;0${"~".repeat(5000)}${ST}${ESC}_Gf=24;AAAA${ST}`],
  ["mouse reports and bracketed paste", `${ESC}[?1000h${ESC}[?1003h${ESC}[?1006h${ESC}[?2004h`],
  ["a printer", `${ESC}[5i${ESC}[4i`],
  ["a string that does not end", `${ESC}]0;${"x".repeat(100_000)}`],
  ["a line that is written over", "rm -rf /\r\u001b[2Kls\n"],
  ["a screen that is cleared, and a line of Hostrun's own", `${ESC}[2J${ESC}[Hhostrun: all is well\n`],
  ["letters that turn the text around", "user\u202egnp.exe \u2066\u2067\u2068\u2069\u200e\u200f\u061c"],
  ["letters that nobody sees", "ad\u200bmin\u2060\ufeff\u00ad\u034f\u115f\u3164\u{e0041}\u{e0020}"],
  ["ends of lines that are none", "a\u2028b\u2029c\u0085d\u000be\u000cf"],
  ["every control character", Array.from({ length: 160 }, (_, code) => String.fromCharCode(code)).join("")],
  ["half a character", "\ud800 and \udfff"],
  ["marks without end", `a${"\u0301".repeat(10_000)}`],
  ["a megabyte in one line", "x".repeat(1_048_576)],
  ["a link and an icon of the editor", "[click](command:evil) $(trash) <img src=x onerror=alert(1)>"],
];
