/** Text in, a tree of values with positions out, or everything that keeps it from being one. */
import { Composer, Lexer, Parser, type CST, type Document } from "yaml";
import { buildTree } from "./build-tree.ts";
import type { Environment } from "./environment.ts";
import type { Finding, Source } from "./source.ts";
import { textFinding } from "./text-checks.ts";
import type { Value } from "./tree.ts";
import { syntaxFindings } from "./yaml-faults.ts";

/** The parser's own stack: each level of the text takes one or two. */
const deepest = 128;
/** Words and signs; 1000 nodes written out take 50,000. */
const mostLexemes = 150_000;

/** `root` is null where the text is no tree at all; then there is at least one finding. */
export function parse(source: Source, env: Environment): { root: Value | null; findings: readonly Finding[] } {
  const { text } = source;
  const refused = textFinding(text);
  if (refused !== null) return { root: null, findings: [refused] };
  const tokens = tokenize(text);
  if ("code" in tokens) return { root: null, findings: [tokens] };
  const composer = new Composer({
    logLevel: "silent",
    merge: false,
    prettyErrors: false,
    resolveKnownTags: false,
    // The library compares each key with all others: slow for large maps, and its message has no second place.
    uniqueKeys: false,
  });
  const [document, second] = [...composer.compose(tokens)];
  const problem = document === undefined ? noDocument(text) : second === undefined ? null : twoDocuments(second, text);
  if (problem !== null || document === undefined) return { root: null, findings: problem === null ? [] : [problem] };
  const syntax = syntaxFindings(document, text);
  if (syntax.length > 0) return { root: null, findings: syntax };
  const { root, findings } = buildTree(document.contents, source, env);
  return { root, findings: [...tagFindings(document, text), ...findings] };
}

/** Stops at the depth that no spec has, long before anything recursive could overflow. */
function tokenize(text: string): readonly CST.Token[] | Finding {
  const parser = new Parser();
  const tokens: CST.Token[] = [];
  let lexemes = 0;
  for (const lexeme of new Lexer().lex(text)) {
    for (const token of parser.next(lexeme)) tokens.push(token);
    const what =
      parser.stack.length > deepest
        ? "this is nested far deeper than any spec"
        : ++lexemes > mostLexemes
          ? "up to here the file is longer than any spec"
          : null;
    if (what !== null) {
      const { offset } = parser;
      const fix = "see that the file is the one that you meant";
      return { code: "spec-syntax", span: { start: offset - 1, end: offset }, what, fix };
    }
  }
  for (const token of parser.end()) tokens.push(token);
  return tokens;
}

function noDocument(text: string): Finding {
  return {
    code: "spec-syntax",
    span: { start: 0, end: 1 },
    what: text.trim() === "" ? "the file is empty" : "the file has nothing in it but comments",
    fix: "run `kctl init` to have a spec written, or start from one in the folder examples/",
  };
}

function twoDocuments(second: Document.Parsed, text: string): Finding {
  const content = second.contents?.range?.[0] ?? second.range[0];
  const line = text.lastIndexOf("\n---", content);
  const start = line === -1 ? content : line + 1;
  return {
    code: "spec-syntax",
    span: { start, end: start + 3 },
    what: "a second document starts here; a file is one spec",
    fix: "take the line `---` out, or put each spec into a file of its own",
  };
}

function tagFindings(document: Document.Parsed, text: string): readonly Finding[] {
  return document.warnings
    .filter(({ code }) => code === "TAG_RESOLVE_FAILED" || code === "BAD_COLLECTION_TYPE")
    .map(({ pos: [start, end] }) => ({
      code: "spec-syntax",
      span: { start, end },
      what: `a spec has no use for the YAML tag \`${text.slice(start, end)}\``,
      fix: "take the tag out, and write the value as it is",
    }));
}
