/** `${NAME}` and `${NAME:-default}` in a value, taken from the environment after the text was parsed. */
import type { ScalarValue } from "./tree.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

type Trouble = {
  /** The piece of the value that is meant, as it is spelled. */
  readonly piece: string;
  readonly what: string;
  readonly fix: string;
};

export type Filled = { readonly text: string; readonly used: boolean; readonly troubles: readonly Trouble[] };

const reference = /\$\$|\$\{([^}]*)(\}?)/g;
const shape = /^([A-Za-z_][A-Za-z0-9_]*)(?::-([^]*))?$/;

/** `$$` gives a dollar; a dollar before anything else stays one. */
export function fillIn(text: string, env: Environment): Filled {
  if (!text.includes("$")) return { text, used: false, troubles: [] };
  const troubles: Trouble[] = [];
  let used = false;
  const filled = text.replace(reference, (piece, inside: string | undefined, close: string | undefined) => {
    if (piece === "$$") return "$";
    const [, name, fallback] = shape.exec(inside ?? "") ?? [];
    if (close === "" || name === undefined || fallback?.includes("${") === true) {
      troubles.push(malformed(piece, fallback));
      return "";
    }
    used = true;
    const value = Object.hasOwn(env, name) ? env[name] : undefined;
    if (fallback !== undefined) return value === undefined || value === "" ? fallback : value;
    if (value !== undefined) return value;
    troubles.push({
      piece,
      what: `the environment variable \`${name}\` is not set`,
      fix: `set it (\`export ${name}=...\`), or give a default: \`\${${name}:-default}\``,
    });
    return "";
  });
  return { text: filled, used, troubles };
}

function malformed(piece: string, fallback: string | undefined): Trouble {
  const what =
    fallback === undefined
      ? `\`${piece.slice(0, 60)}\` is not a variable that kctl can read`
      : "a variable's default cannot hold another variable";
  return { piece, what, fix: "write `${NAME}` or `${NAME:-default}`; for a dollar and a brace as such, `$${`" };
}

/** What YAML's core schema makes of a word without quotes. An empty one stays text: it is set, though to nothing. */
export function typed(text: string): ScalarValue {
  if (/^(?:~|null|Null|NULL)$/.test(text)) return null;
  if (/^(?:true|True|TRUE)$/.test(text)) return true;
  if (/^(?:false|False|FALSE)$/.test(text)) return false;
  if (/^[-+]?[0-9]+$/.test(text)) return Number(text);
  if (/^0o[0-7]+$|^0x[0-9a-fA-F]+$/.test(text)) return Number(text);
  if (/^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/.test(text)) return Number(text);
  return text;
}
