/**
 * The script that looks at a machine, in one round trip: POSIX sh, reads only. Each line that it prints is one record, its fields
 * between tabs: paths by their number, whatever may hold anything in base64.
 */
import type { DesiredHost, DesiredMachine } from "../../services/desired.ts";
import { quoted } from "./quote.ts";

/** Larger files are told apart by their digest, and not shown. */
const shownBytes = 64 * 1024;

const functions = String.raw`
t=$(printf '\t')
b64() { base64 2>/dev/null | tr -d '\n'; }
what() {
  if [ -L "$1" ]; then echo 'a symbolic link'; elif [ -d "$1" ]; then echo 'a folder'; elif [ -f "$1" ]; then echo 'a file'
  elif [ -p "$1" ]; then echo 'a named pipe'; elif [ -S "$1" ]; then echo 'a socket'; else echo 'a device'; fi
}
there() { [ -e "$1" ] || [ -L "$1" ]; }
file() {
  there "$2" || return 0
  if [ -L "$2" ] || [ ! -f "$2" ]; then echo "file$t$1$t"other"$t$(what "$2")"; return; fi
  set -- "$1" "$2" $(stat -c '%a %U %G %s' "$2")
  if [ "\${6:-0}" -le ${shownBytes} ]; then
    printf 'file\t%s\tfile\t%s\t%s\t%s\t' "$1" "$3" "$4" "$5"; b64 <"$2"; echo
  else
    digest=$(sha256sum <"$2"); echo "file$t$1$t"large"$t$3$t$4$t$5$t\${digest%% *}"
  fi
}
folder() {
  there "$2" || return 0
  if [ -L "$2" ] || [ ! -d "$2" ]; then echo "folder$t$1$t"other"$t$(what "$2")"; return; fi
  set -- "$1" $(stat -c '%a %U %G' "$2"); echo "folder$t$1$t"folder"$t$2$t$3$t$4"
}
text() { [ ! -f "$2" ] || { printf 'text\t%s\t' "$1"; b64 <"$2"; echo; }; }
major() {
  line=$(grep '^JAVA_VERSION=' "$1/release" 2>/dev/null) || line=$("$1/bin/java" -version 2>&1 | head -n 1)
  v=\${line#*\"}; v=\${v%%\"*}; v=\${v#1.}; v=\${v%%.*}; v=\${v%%-*}; v=\${v%%+*}
  case $v in '' | *[!0-9]*) return 1 ;; esac
  echo "$v"
}
java() { [ -x "$2/bin/java" ] || return 0; home=$(cd -P "$2" && pwd -P) || return 0; m=$(major "$home") && echo "java$t$1$t$home$t$m"; }
process() {
  stat=$(cat "/proc/$2/stat" 2>/dev/null) || return 0
  read -r boot </proc/sys/kernel/random/boot_id
  rest=\${stat##*") "}; pid=$2; member=$1; set -- $rest
  case $1 in Z | X | '') return 0 ;; esac
  printf 'process\t%s\t%s\t%s\t' "$member" "$pid" "$boot \${20}"; tr '\0' '\n' <"/proc/$pid/cmdline" 2>/dev/null | b64; echo
}
`.replaceAll("\\$", "$");

export function lookScript(desired: DesiredHost): string {
  const { files, folders, storedIds, machine } = desired;
  return [
    "unset CDPATH; export LC_ALL=C PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    functions.trim(),
    ...folders.map(({ path }, index) => `folder ${index} ${quoted(path)}`),
    ...files.map(({ path }, index) => `file ${index} ${quoted(path)}`),
    ...storedIds.map(({ path }, index) => `text id-${index} ${quoted(path)}`),
    ...(machine === undefined ? [] : machineLines(desired, machine)),
    "echo end",
    "",
  ].join("\n");
}

function machineLines({ processes }: DesiredHost, machine: DesiredMachine): readonly string[] {
  const { user, software, java, hosts, sysctl, units } = machine;
  const names = hosts.entries.flatMap(({ names: [name = ""] }) => name);
  const marks = processes.map(({ mark }) => mark);
  return [
    `id -u ${quoted(user)} >/dev/null 2>&1 && echo user`,
    ...software.map(
      ({ folder }, index) =>
        `[ -f ${quoted(`${folder}/.kctl`)} ] && [ ! -L ${quoted(folder)} ] && echo "software\${t}${index}"`,
    ),
    `[ -L ${quoted(java.link)} ] && java link ${quoted(java.link)}`,
    ...(java.home === null ? [] : [`java found ${quoted(java.home)}`]),
    'for home in /usr/lib/jvm/* /usr/java/* /opt/*; do [ -L "$home" ] || java found "$home"; done',
    'on_path=$(command -v java) && on_path=$(readlink -f "$on_path") && java found "${on_path%/bin/java}"',
    "text hosts /etc/hosts",
    ...Object.keys(sysctl).map(
      (name) =>
        `[ ! -r ${sysctlPath(name)} ] || echo "sysctl$t"${quoted(name)}"$t$(cat ${sysctlPath(name)} | tr '\\t' ' ')"`,
    ),
    `text receipt ${quoted(`/etc/kctl/${hosts.cluster}/receipt.json`)}`,
    `for other in /etc/kctl/*/receipt.json; do [ "$other" = ${quoted(`/etc/kctl/${hosts.cluster}/receipt.json`)} ] || { name=\${other%/receipt.json}; text "other-\${name##*/}" "$other"; }; done`,
    // Names: all at once, since a resolver that does not answer takes ten seconds for each.
    "before=$(date +%s%N)",
    ...names.map(
      (name, index) =>
        `{ set -- $(timeout 15 getent ahostsv4 ${quoted(name)}); [ -z "\${1:-}" ] || echo "name\${t}${index}$t$1"; } &`,
    ),
    "wait",
    'echo "named$t$(( ($(date +%s%N) - before) / 1000000 ))"',
    `systemctl show -p Id,ActiveState,SubState,MainPID,UnitFileState,NeedDaemonReload ${units.map(({ name }) => quoted(name)).join(" ")} 2>/dev/null | sed "s/^/unit$t/"`,
    ...units.flatMap(({ name, member }) =>
      member === null
        ? []
        : [
            `pid=$(systemctl show -p MainPID --value ${quoted(name)} 2>/dev/null); [ "\${pid:-0}" -gt 0 ] && process main-${quoted(member)} "$pid"`,
          ],
    ),
    ...marks.map(
      (mark, index) =>
        `for pid in $(grep -lzxF -e ${quoted(mark)} /proc/[0-9]*/cmdline 2>/dev/null | tr -dc '0-9\\n'); do process any-${quoted(processes[index]?.key ?? "")} "$pid"; done`,
    ),
    portLines,
  ];
}

/** Every port that is listened on, with who does where that can be seen. */
const portLines = String.raw`
if command -v ss >/dev/null; then
  ss -Hltnp 2>/dev/null | awk -v OFS='\t' '{ n = split($4, a, ":"); pid = ""; name = ""
    if (match($0, /pid=[0-9]+/)) pid = substr($0, RSTART + 4, RLENGTH - 4)
    if (match($0, /\(\("[^"]*"/)) name = substr($0, RSTART + 3, RLENGTH - 4)
    print "port", a[n], pid, name }'
else
  for table in /proc/net/tcp /proc/net/tcp6; do
    [ ! -r "$table" ] || awk '$4 == "0A" { n = split($2, a, ":"); print a[n] }' "$table"
  done | sort -u | while read -r hex; do echo "port$t$(printf '%d' "0x$hex")$t$t"; done
fi`.trim();

function sysctlPath(name: string): string {
  return quoted(`/proc/sys/${name.replaceAll(/[./]/g, (each) => (each === "." ? "/" : "."))}`);
}
