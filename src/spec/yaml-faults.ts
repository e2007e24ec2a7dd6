/** What the YAML library says of ill-formed text, in words that tell a user what to change in the line. */
import { isCollection, isScalar, visit, type Document, type Node, type YAMLError } from "yaml";
import type { Finding } from "./source.ts";
import type { Span } from "./tree.ts";

type Words = { readonly span?: Span; readonly what: string; readonly fix: string };

/** Faults of one kind seldom cause others, so that each is worth showing; of the rest only the first is. */
const independent = new Set(["TAB_AS_INDENT", "BAD_SCALAR_START", "BAD_DQ_ESCAPE"]);

export function syntaxFindings(document: Document.Parsed, text: string): readonly Finding[] {
  const errors = document.errors.toSorted((a, b) => a.pos[0] - b.pos[0]);
  const [first] = errors;
  if (first === undefined) return [];
  const lineOf = (error: YAMLError): number => text.lastIndexOf("\n", error.pos[0] - 1);
  const lines = new Set<number>();
  return errors
    .filter((error) => error === first || (independent.has(first.code) && independent.has(error.code)))
    .filter((error) => !lines.has(lineOf(error)) && lines.add(lineOf(error)))
    .map((error) => {
      const { what, fix, span } = words(error, document, text);
      return { code: "spec-syntax", span: span ?? { start: error.pos[0], end: error.pos[1] }, what, fix };
    });
}

function words(error: YAMLError, document: Document.Parsed, text: string): Words {
  const line = lineAround(text, error.pos[0]);
  const brace = line.indexOf("${");
  if (brace !== -1 && error.code !== "TAB_AS_INDENT") {
    const start = text.lastIndexOf("\n", error.pos[0] - 1) + 1 + brace;
    const [piece = "${"] = /^\$\{[^}\n]*\}?/.exec(text.slice(start)) ?? [];
    return { ...variable, span: { start, end: start + piece.length } };
  }
  switch (error.code) {
    case "TAB_AS_INDENT":
      return tab;
    case "BLOCK_AS_IMPLICIT_KEY":
      return twoKeys(error, text);
    case "MULTILINE_IMPLICIT_KEY":
      return noColon(error, text);
    case "BAD_SCALAR_START":
      return {
        what: `a value cannot start with \`${text[error.pos[0]] ?? ""}\``,
        fix: "put quotes around the value",
      };
    case "BAD_DQ_ESCAPE":
      return {
        what: `\`${text.slice(error.pos[0], error.pos[0] + 2)}\` means nothing between double quotes`,
        fix: "write the backslash twice, or put the text between single quotes",
      };
    case "BLOCK_IN_FLOW":
      return comma;
    case "BAD_INDENT":
    case "MISSING_CHAR":
    case "UNEXPECTED_TOKEN":
      return byMessage(error, document, text);
    default:
      return unknown(error);
  }
}

const variable: Words = {
  what: "inside `{ }` and `[ ]`, and before a colon, YAML cannot read `${...}` without quotes",
  fix: "put it between double quotes; for a number, write the map with one key a line: `count: ${N}`",
};

const comma: Words = {
  what: "a comma is missing here",
  fix: "separate what stands between brackets by commas",
};

const tab: Words = {
  what: "this line is indented with a tab; YAML takes blanks only",
  fix: "replace the tabs by blanks, two for each level",
};

function unknown(error: YAMLError): Words {
  const message = error.message.replace(/^[A-Z]/, (letter) => letter.toLowerCase());
  return {
    what: `this is not well-formed YAML: ${message}`,
    fix: "look at the line, and at the end of the one before",
  };
}

function byMessage(error: YAMLError, document: Document.Parsed, text: string): Words {
  const { message } = error;
  const [at] = error.pos;
  const rules: readonly (readonly [RegExp, () => Words])[] = [
    [/^Missing closing/, () => unclosedQuote(document, at)],
    [/^Flow (map|sequence) in block|must be.*end with a/, () => unclosedBracket(document, at)],
    [/^Implicit map keys need/, () => noColon(error, text)],
    [
      /^Sequence item without/,
      () => ({
        span: restOfLine(text, at),
        what: "this line is neither a new item of the list above nor a key of its last item",
        fix: "start it with a hyphen, or indent it exactly like the keys of the item",
      }),
    ],
    [
      /^All (mapping|sequence) items must start/,
      () => ({
        span: restOfLine(text, at),
        what: "this line is indented differently from those that it goes with",
        fix: "start it in the same column as the lines beside it",
      }),
    ],
    [
      /^Comments must be separated/,
      () => ({ what: "a comment starts right after a value", fix: "put a blank before the `#`" }),
    ],
    [/^Missing ,/, () => comma],
    [
      /^Unexpected block-seq-ind/,
      () => ({
        what: "a list cannot start on the line of its key",
        fix: "put the hyphen on the next line, or write `[a, b]`",
      }),
    ],
    [
      /at node end$|token in YAML stream/,
      () => ({
        what: "the value has ended, and something else follows it",
        fix: "put quotes around the whole value; inside single quotes a quote is written twice",
      }),
    ],
  ];
  return rules.find(([pattern]) => pattern.test(message))?.[1]() ?? unknown(error);
}

/** `a: b: c` in one line, or a line that is indented deeper than the value before it allows. */
function twoKeys(error: YAMLError, text: string): Words {
  const [at] = error.pos;
  const end = text.indexOf("\n", at);
  const rest = text.slice(at, end === -1 ? text.length : end);
  if (/:(\s|$)/.test(rest.replace(/\s#.*/, "")) || end === -1)
    return {
      span: { start: at, end: at + rest.trimEnd().length },
      what: "there are two keys in one line",
      fix: "write the second key on a line of its own, indented; a value with a colon in it goes between quotes",
    };
  const next = text.slice(end).search(/\S/) + end;
  const nextEnd = text.indexOf("\n", next);
  return {
    span: { start: next, end: nextEnd === -1 ? text.length : nextEnd },
    what: "this line is indented deeper than the key before it, which has its value already",
    fix: "start it in the same column as that key",
  };
}

function noColon(error: YAMLError, text: string): Words {
  const [at] = error.pos;
  const [word = ""] = /^[^\n]*/.exec(text.slice(at, at + 200)) ?? [];
  const glued = /^([A-Za-z0-9_.-]+):(\S.*)$/.exec(word.trim());
  const span = { start: at, end: at + word.trimEnd().length };
  if (glued !== null)
    return { span, what: "there is no blank after the colon", fix: `write \`${glued[1]}: ${glued[2]}\`` };
  return {
    span,
    what: "this line is no `key: value`",
    fix: "put a colon and a blank after the key, or indent the line under the key that it belongs to",
  };
}

function unclosedQuote(document: Document.Parsed, at: number): Words {
  const open = innermost(document, at, (node) => isScalar(node) && (node.type ?? "").startsWith("QUOTE"));
  return {
    ...(open === null ? {} : { span: { start: open, end: open + 1 } }),
    what: "a quote is opened here and never closed",
    fix: "close it at the end of the value",
  };
}

function unclosedBracket(document: Document.Parsed, at: number): Words {
  const open = innermost(document, at, (node) => isCollection(node) && node.flow === true);
  return {
    ...(open === null ? {} : { span: { start: open, end: open + 1 } }),
    what: "a bracket is opened here and not closed before the next key",
    fix: "close it with `]` or `}`, and indent what stands inside",
  };
}

/** Where the node that reaches to `at` and starts last begins. */
function innermost(document: Document.Parsed, at: number, wanted: (node: Node) => boolean): number | null {
  let start: number | null = null;
  visit(document, {
    Node: (_key, node) => {
      const range = node.range;
      if (range && range[0] <= at && range[2] >= at - 1 && wanted(node)) start = Math.max(start ?? 0, range[0]);
    },
  });
  return start;
}

/** What stands in the line of `at`, without its indentation. */
function restOfLine(text: string, at: number): Span {
  const start = at + text.slice(at).search(/[^ \n\r]|$/);
  const end = text.indexOf("\n", start);
  return { start, end: end === -1 ? text.length : end };
}

function lineAround(text: string, at: number): string {
  const end = text.indexOf("\n", at);
  return text.slice(text.lastIndexOf("\n", at - 1) + 1, end === -1 ? text.length : end);
}
