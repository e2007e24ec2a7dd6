/** What can be said of the text before it is read as YAML: its size, its encoding, characters that must not be there. */
import type { Finding } from "./source.ts";

/** 500 nodes written out take 60 KB. */
const mostMiB = 1;
const start = { start: 0, end: 1 };
const control = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u0084\u0086-\u009f]/;

export function sizeFinding(text: string): Finding | null {
  if (text.length <= mostMiB * 1024 * 1024) return null;
  return {
    code: "spec-syntax",
    span: start,
    what: `the file is larger than ${mostMiB} MiB, which no spec is`,
    fix: "give kctl the spec itself; alike machines are one `group` with a `count`",
  };
}

export function textFinding(text: string): Finding | null {
  if (looksLikeUtf16(text))
    return {
      code: "spec-syntax",
      span: start,
      what: "the file is UTF-16 text, not UTF-8",
      fix: "save it as UTF-8 (in PowerShell: `Out-File -Encoding utf8`)",
    };
  const at = text.search(control);
  if (at === -1) return null;
  return {
    code: "spec-syntax",
    span: { start: at, end: at + 1 },
    what: `there is ${characterName(text.codePointAt(at) ?? 0)} here, which YAML does not allow`,
    fix: "delete it; in a text between double quotes it can be written as an escape",
  };
}

/** Read as UTF-8, every other character of such a file is a NUL, and its mark at the start is not readable. */
function looksLikeUtf16(text: string): boolean {
  const head = text.slice(0, 200);
  const nuls = head.split("\0").length - 1;
  return nuls >= 2 && (/^\ufffd{2}|^[\ufeff\ufffe]/.test(head) || nuls * 3 >= head.length);
}

const names: Readonly<Record<number, string>> = {
  0: "NUL",
  7: "BEL",
  8: "backspace",
  9: "a tab",
  10: "a line break",
  13: "a carriage return",
  27: "ESC",
};

/** `a control character (U+0007, BEL)`. */
export function characterName(codePoint: number): string {
  const code = `U+${codePoint.toString(16).toUpperCase().padStart(4, "0")}`;
  const name = names[codePoint];
  if (codePoint < 32 || (codePoint >= 127 && codePoint < 160))
    return `a control character (${name === undefined ? code : `${code}, ${name}`})`;
  return `the character ${code}`;
}
