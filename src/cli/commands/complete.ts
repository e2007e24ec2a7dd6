/**
 * kctl __complete -- WORD...: what the scripts of `kctl completion` ask at each TAB. The first line says what fits: `words` (one a
 * line then, a tab and what it is after each), `files` or `folders`. Whatever goes wrong, it says nothing.
 */
import { Command } from "@commander-js/extra-typings";
import { homedir } from "node:os";
import { completion, type Completion, type Word } from "../completion.ts";
import { write } from "../write.ts";

async function wordsOf(wanted: Completion): Promise<readonly Word[]> {
  if (wanted.kind === "words") return wanted.words;
  if (wanted.kind !== "from-spec") return [];
  const { namesIn } = await import("../../operations/spec-names.ts");
  const names = await namesIn({
    specFile: wanted.file ?? (process.env["KCTL_SPEC"] || "kctl.yaml"),
    cwd: process.cwd(),
    env: process.env,
    home: homedir(),
  });
  return names[wanted.what];
}

export const completeCommand = (kctl: Command) =>
  new Command("__complete").argument("[word...]").action(async (words) => {
    try {
      const wanted = completion(kctl, words);
      const found = await wordsOf(wanted);
      const kind = wanted.kind === "from-spec" ? "words" : wanted.kind;
      write(process.stdout)([kind, ...found.map(({ word, about }) => `${word}\t${about}`)].join("\n"));
    } catch {
      // Somebody is in the middle of typing: no place for a message.
    }
  });
