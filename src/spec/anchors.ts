/** The anchors that were read so far, and what an alias gets from them. */
import { nearest } from "./nearest.ts";
import { noValue } from "./read-scalar.ts";
import type { Find } from "./source.ts";
import type { Span, Value } from "./tree.ts";

export type Anchors = {
  /** Reads what an anchor names; an alias of it inside would never end. */
  name(anchor: string | undefined, read: () => Value): Value;
  follow(name: string, span: Span): Value;
};

export function anchors(find: Find): Anchors {
  const known = new Map<string, Value | "open">();
  return {
    name: (anchor, read) => {
      if (anchor === undefined) return read();
      known.set(anchor, "open");
      const value = read();
      known.set(anchor, value);
      return value;
    },
    follow: (name, span) => {
      const value = known.get(name);
      if (value !== undefined && value !== "open") return value;
      if (value === "open")
        find("spec-syntax", span, `\`*${name}\` stands inside of what it names`, "take the alias out");
      else {
        const near = nearest(name, known.keys());
        const fix =
          near === null ? `put \`&${name}\` before the first value that is meant` : `did you mean \`*${near}\`?`;
        find("spec-syntax", span, `\`*${name}\` names no anchor that stands before it`, fix);
      }
      return noValue(span);
    },
  };
}
