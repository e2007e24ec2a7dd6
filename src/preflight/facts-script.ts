/**
 * The script that asks a machine for what only matters before a cluster is made, in one round trip: POSIX sh, reads only. It runs
 * where tools are missing, since it is to say so; what it prints is records, as those of the look.
 */
import { quoted } from "../hosts/ssh/quote.ts";
import type { Target } from "./host-facts.ts";

export type FactsWanted = {
  /** By what will lie there; a folder need not be there yet. */
  readonly folders: Readonly<Record<string, string>>;
  /** What it is to reach. */
  readonly targets: readonly Target[];
  /** Whether it is kctl's to set up, with the tools that this takes. */
  readonly own: boolean;
};

/** How long a packet may be lost, sent again, and lost again. */
const reachSeconds = 3;

/** Of the scripts that look at machines and change them. */
const tools = [
  "awk",
  "base64",
  "cat",
  "chmod",
  "chown",
  "cp",
  "cut",
  "df",
  "grep",
  "head",
  "ln",
  "mkdir",
  "mv",
  "rm",
  "sed",
  "sha256sum",
  "sha512sum",
  "stat",
  "tail",
  "tr",
  "gzip",
  "tar",
  "timeout",
  "systemctl",
];

/** Not by `read`, which in some shells takes a byte at a time: the kernel gives files of /proc/sys at once or not at all. */
const functions = String.raw`
nl='
'
here() { command -v "$1" >/dev/null 2>&1; }
first() { line=$(cat "$2" 2>/dev/null) && printf '%s\t%s\n' "$1" "$line"; }
disk() {
  at=$2
  while [ ! -d "$at" ]; do at=\${at%/*}; [ -n "$at" ] || at=/; done
  df -Pk "$at" 2>/dev/null | {
    read -r line && read -r name blocks used free line || exit 0
    device=$(stat -c %d "$at" 2>/dev/null) || device=$name
    kind=$(stat -f -c '%T %d %c' "$at" 2>/dev/null)
    if [ -w "$at" ]; then may=yes; else may=no; fi
    printf 'disk\t%s\t%s\t%s\t%s\t%s\t%s\n' "$1" "$at" "$device" "$free" "$may" "$kind"
  }
}
`.replaceAll("\\$", "$");

export function factsScript({ folders, targets, own }: FactsWanted): string {
  return [
    "{",
    "unset CDPATH IFS; export LC_ALL=C PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    // First of all, so that as little time as possible has gone by.
    "printf 'clock\\t%s\\n' \"$(date +%s.%N)\"",
    functions.trim(),
    'printf \'uname\\t%s\\t%s\\n\' "$(uname -s)" "$(uname -m)"',
    "if [ -r /etc/os-release ]; then while read -r line; do",
    "  case $line in ID=* | ID_LIKE=* | VERSION_ID=* | PRETTY_NAME=*) printf 'os\\t%s\\n' \"$line\" ;; esac",
    "done </etc/os-release; fi",
    "if [ -r /proc/meminfo ]; then while read -r name value line; do",
    '  case $name in MemTotal: | SwapTotal:) printf \'memory\\t%s\\t%s\\n\' "$name" "$value" ;; esac',
    "done </proc/meminfo; fi",
    "first limit /sys/fs/cgroup/memory.max || first limit /sys/fs/cgroup/memory/memory.limit_in_bytes",
    "! bytes=$(sysctl -n hw.memsize 2>/dev/null) || printf 'limit\\t%s\\n' \"$bytes\"",
    "first pages /sys/kernel/mm/transparent_hugepage/enabled",
    "first files /proc/sys/fs/nr_open",
    "printf 'mine\\t%s\\n' \"$(ulimit -Hn 2>/dev/null)\"",
    ...Object.entries(folders).map(([name, path]) => `disk ${quoted(name)} ${quoted(path)}`),
    ...(own ? ownLines : []),
    "first selinux /sys/fs/selinux/enforce",
    ...(targets.length === 0 ? [] : reachLines(targets)),
    "printf 'end\\t\\n'",
    "} </dev/null",
    "",
  ].join("\n");
}

const ownLines: readonly string[] = [
  `for each in ${tools.join(" ")}; do here "$each" || printf 'missing\\t%s\\n' "$each"; done`,
  "here useradd || here adduser || printf 'missing\\tuseradd\\n'",
  "if here curl || here wget; then printf 'fetches\\t\\n'; fi",
  'for each in apt-get dnf yum; do if here "$each"; then printf \'packages\\t%s\\n\' "$each"; break; fi; done',
  "[ ! -d /run/systemd/system ] || printf 'systemd\\t\\n'",
];

/** All at once. A machine that refuses was reached; one that says nothing is given up after a while. */
function reachLines(targets: readonly Target[]): readonly string[] {
  const words = targets.map(({ address, port }) => quoted(`${address}/${port}`)).join(" ");
  return [
    "if here bash; then",
    "  bash -c '",
    '    for each; do ( exec 3<>"/dev/tcp/$each" && echo "/dev/tcp/$each: open" ) 2>&1 & pids="$pids $!"; done',
    `    ( sleep ${reachSeconds}; kill $pids ) >/dev/null 2>&1 & timer=$!`,
    "    wait $pids",
    "    kill $timer",
    `  ' reach ${words} 2>/dev/null | while read -r line; do printf 'reach\\t%s\\n' "$line"; done`,
    "elif here curl; then",
    `  for each in ${words}; do`,
    `    { said=$(curl -sSv -o /dev/null --connect-timeout ${reachSeconds} --max-time ${reachSeconds} \\`,
    '        "telnet://${each%/*}:${each##*/}" </dev/null 2>&1)',
    // Its last word says only that it could not; whether anybody refused is told on the way.
    "      case $said in",
    '        *"Connected to "* | *"Established connection "*) said=open ;;',
    '        *"onnection refused"*) said="Connection refused" ;;',
    '        *"etwork is unreachable"*) said="Network is unreachable" ;;',
    '        *" failed: "*) said=${said#*" failed: "}; said=${said%%"$nl"*} ;;',
    '        *) said="timed out" ;;',
    "      esac",
    '      printf \'reach\\t/dev/tcp/%s: %s\\n\' "$each" "$said"; } &',
    "  done",
    "  wait",
    "else printf 'untried\\t\\n'",
    "fi",
  ];
}
