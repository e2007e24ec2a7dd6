/** Settings of the kernel, put in force at once; what the kernel refuses (in a container) is told, and is no failure. */
import type { Operation } from "./operation.ts";
import { quoted } from "./quote.ts";

export type RefusedSetting = { readonly name: string; readonly why: "missing" | "refused" };

/** As sysctl has it: a dot stands for a slash, and a slash for a dot. */
export function sysctlPath(name: string): string {
  return `/proc/sys/${name.replaceAll(/[./]/g, (each) => (each === "." ? "/" : "."))}`;
}

export function setSysctls(settings: Readonly<Record<string, string>>): Operation<readonly RefusedSetting[]> {
  const lines = Object.entries(settings).map(
    ([name, value]) => `put ${quoted(name)} ${quoted(sysctlPath(name))} ${quoted(value.trim().split(/\s+/).join(" "))}`,
  );
  return {
    doing: "set the kernel's settings",
    lines: [
      'now() { set -f; set -- $(cat "$1" 2>/dev/null); echo "$*"; }',
      "put() {",
      '  [ -e "$2" ] || { echo "missing $1"; return; }',
      '  (printf \'%s\\n\' "$3" >"$2") 2>/dev/null',
      '  [ "$(now "$2")" = "$3" ] || echo "refused $1"',
      "}",
      ...lines,
      "true",
    ].join("\n"),
    read: (stdout) =>
      stdout.split("\n").flatMap((line): readonly RefusedSetting[] => {
        const [why, name] = line.split(" ");
        return name === undefined || (why !== "missing" && why !== "refused") ? [] : [{ name, why }];
      }),
  };
}
