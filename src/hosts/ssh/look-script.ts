/**
 * The script that looks at a machine, in one round trip: POSIX sh, reads only, few programs. What it prints is records: a line
 * with tabs, and below it lines without any (base64 for whatever may hold anything, or what a program says).
 */
import { createHash } from "node:crypto";
import type { DesiredFile, DesiredHost, DesiredMachine, DesiredProcess } from "../../services/desired.ts";
import { leftoverLines } from "./leftovers.ts";
import { runsFrom } from "./old-software.ts";
import { ownRoots } from "./places.ts";
import { quoted } from "./quote.ts";
import { sysctlPath } from "./sysctl.ts";
import { volumeFunctions, volumeWords } from "./volume-functions.ts";

/** Larger files are told apart by their digest, and not shown. */
export const shownBytes = 64 * 1024;

/** Settings of the kernel are read by cat: the shell of busybox reads byte by byte, and the kernel gives a number at once or not at all. */
const functions = String.raw`
nl='
'
plain() { [ -f "$1" ] && [ ! -L "$1" ]; }
shown() {
  plain "$3" || return 0
  case $nl$digests$nl in *"$nl$2  $3$nl"*) printf 'same\t%s\n' "$1"; return ;; esac
  printf 'content\t%s\n' "$1"; head -c ${shownBytes + 1} "$3" | base64
}
text() { [ ! -f "$2" ] || { printf 'text\t%s\n' "$1"; base64 <"$2"; }; }
installed() { plain "$2/.kctl" && [ -O "$2/.kctl" ] && [ ! -L "$2" ] && read -r sum <"$2/.kctl" && printf 'software\t%s\t%s\n' "$1" "$sum"; }
major() {
  line=
  [ ! -r "$1/release" ] || while read -r each; do case $each in JAVA_VERSION=*) line=$each ;; esac; done <"$1/release"
  [ -n "$line" ] || line=$(timeout 10 "$1/bin/java" -version 2>&1 | head -n 1)
  v=\${line#*=}; v=\${v#*\"}; v=\${v%%\"*}; v=\${v#1.}; v=\${v%%[!0-9]*}
  [ -n "$v" ]
}
java_at() { [ -x "$2/bin/java" ] && major "$2" && printf 'java\t%s\t%s\t%s\n' "$1" "$v" "$3"; }
found() {
  [ -x "$1/bin/java" ] || return 0
  home=$(cd -P "$1" && pwd -P) || return 0
  case $homes in *"$nl$home$nl"*) return ;; esac
  homes=$homes$home$nl
  java_at found "$home" "$home"
}
login() { entry=$(getent passwd "$1" 2>/dev/null || grep "^$1:" /etc/passwd); printf 'user\t%s\n' "\${entry##*:}"; }
kernel() { ! value=$(cat "$2" 2>/dev/null) || printf 'sysctl\t%s\t%s\n' "$1" "$value"; }
resolve_all() {
  at_once=$(timeout 1 getent ahostsv4 "$@" 2>/dev/null)
  case $? in 0 | 2) ;; *) return 1 ;; esac
  printf '%s\n' "$at_once" | awk -v asked="$*" '
    BEGIN { wanted = split(asked, name, " "); for (i = 1; i <= wanted; i++) at[name[i]] = i }
    NF > 2 { address[++n] = $1; called[n] = $3 }
    END {
      if (n != wanted) for (i = 1; i <= n; i++) if (!(called[i] in at) || seen[called[i]]++) exit 1
      for (i = 1; i <= n; i++) print "name\t" (n == wanted ? i : at[called[i]]) - 1 "\t" address[i]
    }'
}
resolve() { set -- "$1" $(timeout 15 getent ahostsv4 "$2" 2>/dev/null); [ -z "\${2:-}" ] || printf 'name\t%s\t%s\n' "$1" "$2"; }
process() {
  printf 'process\t%s\t%s\n' "$1" "$boot"
  { cat "/proc/$1/stat" && printf '\0' && stat -c %U "/proc/$1" && printf '\0' && cat "/proc/$1/cmdline"; } 2>/dev/null | base64
}
command_of() {
  printf 'command\t%s\n' "$1"
  { readlink "/proc/$1/exe" || cat "/proc/$1/comm"; printf '\0'; cat "/proc/$1/cmdline"; } 2>/dev/null | base64
}
`.replaceAll("\\$", "$");

export function lookScript(desired: DesiredHost): string {
  const { files, folders, storedIds, machine } = desired;
  const paths = [...files, ...folders, ...storedIds].map(({ path }) => path);
  return [
    // Read to its end before any of it is done: the script itself is what stands on the standard input.
    "look() {",
    "unset CDPATH IFS; export LC_ALL=C PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "for each in awk base64 cat grep head sed sha256sum stat; do",
    '  command -v "$each" >/dev/null || { echo "$each: not found" >&2; exit 1; }',
    "done",
    functions.trim(),
    ...statLines(paths),
    ...leadingTo(paths).map((path) => `[ ! -L ${quoted(path)} ] || printf 'link\\t%s\\n' ${quoted(path)}`),
    "set --",
    ...files.map(({ path }) => `! plain ${quoted(path)} || set -- "$@" ${quoted(path)}`),
    'digests=; [ $# -eq 0 ] || digests=$(sha256sum -- "$@" 2>/dev/null)',
    "printf 'digests\\t\\n%s\\n' \"$digests\"",
    ...files.map((file, index) => `shown file-${index} ${digestOf(file)} ${quoted(file.path)}`),
    ...storedIds.map(({ path }, index) => `shown id-${index} - ${quoted(path)}`),
    ...(machine === undefined ? [] : machineLines(machine)),
    ...processLines(desired.processes, machine),
    ...portLines(desired.processes),
    "printf 'end\\t\\n'",
    "}",
    // Told at once: each word sent by itself would cost both machines as much as all of it.
    `seen=$(look </dev/null) || exit; printf '%s\\n' "$seen"`,
    "",
  ].join("\n");
}

/** What is not there is not told of; whatever else keeps a path from being looked at is. */
function statLines(paths: readonly string[]): readonly string[] {
  if (paths.length === 0) return [];
  const format = ["stat", "%f", "%s", "%U", "%G", "%n"].join("\t");
  return [
    `{ stat -c '${format}' -- ${paths.map(quoted).join(" ")} 2>&1 >&3 |`,
    "  sed -e '/No such file or directory$/d' -e '/Not a directory$/d' -e 's/^/trouble\t/'; } 3>&1",
  ];
}

/** The folders on the way to these, as far as all in them is kctl's: where one is a symbolic link, somebody planted it. */
function leadingTo(paths: readonly string[]): readonly string[] {
  const above = (path: string): readonly string[] => {
    const root = ownRoots.find((each) => path.startsWith(`${each}/`));
    if (root === undefined) return [];
    const names = path.slice(root.length + 1).split("/");
    return [root, ...names.slice(0, -1).map((_, index) => `${root}/${names.slice(0, index + 1).join("/")}`)];
  };
  return [...new Set(paths.flatMap(above))];
}

function digestOf({ content }: DesiredFile): string {
  return createHash("sha256").update(content).digest("hex");
}

function machineLines(machine: DesiredMachine): readonly string[] {
  const { user, software, java, hosts, sysctl, volume } = machine;
  const names = hosts.entries.flatMap(({ names: [name = ""] }) => name);
  const link = quoted(java.link);
  return [
    `! id -u ${quoted(user)} >/dev/null 2>&1 || login ${quoted(user)}`,
    ...software.map(({ folder }, index) => `installed ${index} ${quoted(folder)}`),
    ...otherSoftwareLines(machine),
    ...leftoverLines(hosts.cluster),
    "if any_left; then printf 'leftovers\\t\\n'; leftovers; fi",
    `[ ! -L ${link} ] || java_at link ${link} "$(readlink ${link})"`,
    // As the spec names it, a link or not.
    ...(java.home === null ? [] : [`java_at found ${quoted(java.home)} ${quoted(java.home)}`]),
    "homes=$nl",
    'for each in /usr/lib/jvm/* /usr/java/* /opt/*; do found "$each"; done',
    // Known by that path, also where /opt is a link: by it another cluster's receipt keeps it. Whole, or none.
    'for each in /opt/kctl/java-*; do [ ! -L "$each" ] && plain "$each/.kctl" && java_at found "$each" "$each"; done',
    'on_path=$(command -v java) && on_path=$(readlink -f "$on_path") && found "${on_path%/bin/java}"',
    "text hosts /etc/hosts",
    ...Object.keys(sysctl).map((name) => `kernel ${quoted(name)} ${quoted(sysctlPath(name))}`),
    ...(volume === null ? [] : [volumeFunctions, `look_at_volume ${volumeWords(volume)}`]),
    `text receipt ${quoted(`/etc/kctl/${hosts.cluster}/receipt.json`)}`,
    "for each in /etc/kctl/*/receipt.json; do",
    `  name=\${each%/receipt.json}; name=\${name##*/}`,
    `  case $name in ${quoted(hosts.cluster)} | *[!A-Za-z0-9._-]*) ;; *) text "other-$name" "$each" ;; esac`,
    "done",
    "read -r began rest </proc/uptime",
    // By one program: the first of the lines of each name has a third word, what it is called. Where all are known, they are in order;
    // else those that are called as they were asked for are known, and no other.
    `resolve_all ${names.map(quoted).join(" ")} || {`,
    // Side by side else, since a resolver that does not answer takes ten seconds for each.
    ...names.map((name, index) => `resolve ${index} ${quoted(name)} &`),
    "wait; }",
    "read -r ended rest </proc/uptime",
    'printf \'resolved\\t%s\\t%s\\n\' "$began" "$ended"',
  ];
}

/** Processes are gone through only for what is to go. */
function otherSoftwareLines({ software, retired = [] }: DesiredMachine): readonly string[] {
  const wanted = ["", ...software.map(({ folder }) => folder)];
  const toGo = ["", ...retired];
  return [
    runsFrom,
    "for each in /opt/kctl/*; do",
    `  [ -d "$each" ] && [ ! -L "$each" ] || continue`,
    `  case $each in ${wanted.map(quoted).join(" | ")}) continue ;; esac`,
    `  use=idle; case $each in ${toGo.map(quoted).join(" | ")}) ! runs_from "$each" || use=used ;; esac`,
    `  printf 'other-software\\t%s\\t%s\\n' "$use" "$each"`,
    "done",
  ];
}

/** Main processes of the units, and any that carries the mark of a service. */
function processLines(processes: readonly DesiredProcess[], machine: DesiredMachine | undefined): readonly string[] {
  const units = machine?.units ?? [];
  const marks = processes.map(({ mark }) => `-e ${quoted(mark)}`);
  const show = "systemctl show -p Id,ActiveState,SubState,MainPID,UnitFileState,NeedDaemonReload";
  return [
    "read -r boot </proc/sys/kernel/random/boot_id",
    `units=; pids=' '`,
    ...(units.length === 0
      ? []
      : [
          `units=$(${show} -- ${units.map(({ name }) => quoted(name)).join(" ")} 2>/dev/null)`,
          "printf 'units\\t\\n%s\\n' \"$units\"",
          'for each in $units; do case $each in MainPID=0) ;; MainPID=*) pids="$pids${each#MainPID=} " ;; esac; done',
        ]),
    ...(marks.length === 0
      ? []
      : [
          `for each in $(grep -lszxF ${marks.join(" ")} /proc/[0-9]*/cmdline); do`,
          '  each=${each#/proc/}; each=${each%/cmdline}; case $pids in *" $each "*) ;; *) pids="$pids$each " ;; esac',
          "done",
        ]),
    'for each in $pids; do process "$each"; done',
  ];
}

/** Who listens on the ports of these; asked of the kernel's tables first, since open files are many. */
function portLines(processes: readonly DesiredProcess[]): readonly string[] {
  const ports = [...new Set(processes.flatMap(({ ports }) => Object.values(ports)))];
  if (ports.length === 0) return [];
  const wanted = ports.map((port) => port.toString(16).toUpperCase().padStart(4, "0")).join(" ");
  return [
    `taken=$(cat /proc/net/tcp6 /proc/net/tcp 2>/dev/null | awk -v wanted='${wanted}' '`,
    'BEGIN { n = split(wanted, list, " "); for (i = 1; i <= n; i++) want[list[i]] = 1 }',
    '$4 == "0A" { n = split($2, at, ":"); if (at[n] in want) print at[n] ":" $10 }\')',
    `for each in $taken; do printf 'port\\t%s\\t%s\\n' "\${each%%:*}" "\${each#*:}"; done`,
    'if [ -n "$taken" ]; then',
    // Where a socket is shared, any of its processes will do.
    `  holders=$(if command -v ss >/dev/null; then ss -Hltnpe 2>/dev/null | awk '`,
    "      match($0, /ino:[0-9]+/) { inode = substr($0, RSTART + 4, RLENGTH - 4)",
    '        if (match($0, /pid=[0-9]+/)) print inode ":" substr($0, RSTART + 4, RLENGTH - 4) }\'',
    "    else ls -l /proc/[0-9]*/fd 2>/dev/null | awk '",
    '      /^\\/proc\\// { split($0, part, "/"); pid = part[3] }',
    '      match($0, /socket:\\[[0-9]+\\]$/) { print substr($0, RSTART + 8, RLENGTH - 9) ":" pid }\'; fi)',
    "  told=' '",
    "  for each in $holders; do",
    '    case "$taken$nl" in *":${each%%:*}$nl"*) ;; *) continue ;; esac',
    `    printf 'holder\\t%s\\t%s\\n' "\${each%%:*}" "\${each#*:}"`,
    '    case $told in *" ${each#*:} "*) ;; *) told="$told${each#*:} "; command_of "${each#*:}" ;; esac',
    "  done",
    "fi",
  ];
}
