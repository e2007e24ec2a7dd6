/** Installs a package of the distribution, foreseen before, and removes just what that brought; waits for who holds the manager's lock. */
import { KctlError } from "../../fault.ts";
import type { Operation } from "./operation.ts";
import { quoted } from "./quote.ts";

export type InstalledPackage = {
  /** Which of the candidates; null where the distribution has none of them. */
  readonly name: string | null;
  /** All packages that are new since: what a removal takes back. */
  readonly added: readonly string[];
  /** Folders in which it put a `bin/java`. */
  readonly homes: readonly string[];
};

export type ForeseenPackage = {
  /** Which of the candidates; null where the distribution has none of them. */
  readonly name: string | null;
  /** With all that it needs and that is not there yet. */
  readonly coming: readonly string[];
};

export type InstallOptions = {
  readonly manager: "apt" | "dnf";
  /** The first that the distribution has is installed. */
  readonly candidates: readonly string[];
  /** How long the lock of the package manager may be held by another. */
  readonly lockSeconds: number;
  /** Told who holds it, once it is waited for. */
  readonly onWait: (holder: string) => void;
};

/** `await_lock FILE...`: the holder of each is read from /proc/locks; apt itself would wait only for some of them. */
const waiting = String.raw`
holder() {
  for lock do
    inode=$(stat -L -c %i "$lock" 2>/dev/null) || continue
    pid=$(awk -v end=":$inode" 'substr($6, length($6) - length(end) + 1) == end && $5 > 0 { print $5; exit }' /proc/locks)
    [ -z "$pid" ] || { echo "$pid $(tr '\0' ' ' <"/proc/$pid/comm" 2>/dev/null)"; return 0; }
  done
  return 1
}
await_lock() {
  turn=0
  while held=$(holder "$@"); do
    [ $((turn % 50)) -ne 0 ] || echo "waiting $held"
    [ "$turn" -lt $((patience * 5)) ] || { echo "$held" >&2; exit 98; }
    sleep 0.2; turn=$((turn + 1))
  done
}
news() { if [ -n "$before" ]; then grep -vxF -e "$before"; else cat; fi; }
`.trim();

const apt = String.raw`
export DEBIAN_FRONTEND=noninteractive
installed() { dpkg-query -W -f '\${db:Status-Abbrev}\${Package}\n' | sed -n 's/^.i.//p'; }
files() { dpkg -L "$1"; }
apt() {
  await_lock /var/lib/dpkg/lock-frontend /var/lib/dpkg/lock /var/lib/apt/lists/lock /var/cache/apt/archives/lock
  apt-get -q -y -o DPkg::Lock::Timeout="$patience" -o Dpkg::Options::=--force-confold -o APT::Keep-Downloaded-Packages=false --no-install-recommends "$@" >&2
}
known() { apt-cache show --no-all-versions "$1" >/dev/null 2>&1; }
pick() { for each do if known "$each"; then found=$each; return 0; fi; done; return 1; }
choose() { pick "$@" || { apt update || exit 1; pick "$@" || true; }; }
coming() { apt-get -q -s --no-install-recommends install "$1" | sed -n 's/^Inst \([^ :]*\).*/\1/p'; }
add() {
  choose "$@"
  [ -n "$found" ] || return 0
  # Lists may name versions that the mirror has replaced since.
  apt install "$found" || { apt update && apt install "$found"; }
}
`
  .trim()
  .replaceAll("\\$", "$");

const dnf = String.raw`
dnf=$(command -v dnf || command -v yum) || exit 1
installed() { rpm -qa --qf '%{NAME}\n'; }
files() { rpm -ql "$1"; }
choose() {
  await_lock /var/lib/rpm/.rpm.lock /var/cache/dnf/metadata_lock.pid /var/lib/dnf/rpmdb_lock.pid
  for each do if "$dnf" -q list "$each" >/dev/null 2>&1; then found=$each; return; fi; done
}
# Of its table, in which a long name has a line of its own.
coming() {
  "$dnf" -q --assumeno --setopt=install_weak_deps=False install "$1" 2>/dev/null |
    awk 'NF == 1 { name = $1; next } $1 ~ /^(x86_64|aarch64|noarch)$/ && name != "" { print name } $2 ~ /^(x86_64|aarch64|noarch)$/ { print $1 } { name = "" }'
}
add() {
  choose "$@"
  [ -z "$found" ] || "$dnf" -y -q --setopt=install_weak_deps=False install "$found" >&2
}
`.trim();

/** What `installPackage` would bring: to be written down before it is there. Reads the distribution's lists anew where they have none of these. */
export function foreseePackages(options: InstallOptions): Operation<ForeseenPackage> {
  return {
    ...managing(options, "look for"),
    lines: [
      opening(options),
      `choose ${options.candidates.map(quoted).join(" ")} || exit 1`,
      '[ -n "$found" ] || { echo none; exit 0; }',
      'echo "name $found"',
      // Those that are there, and would only become newer, are not ours to remove.
      "before=$(installed)",
      "coming \"$found\" | news | sort -u | sed 's/^/coming /'",
      "true",
    ].join("\n"),
    read: (stdout) => ({ name: valuesIn(stdout, "name")[0] ?? null, coming: valuesIn(stdout, "coming") }),
  };
}

export function installPackage(options: InstallOptions): Operation<InstalledPackage> {
  const { candidates } = options;
  return {
    ...managing(options, "install"),
    lines: [
      opening(options),
      "before=$(installed)",
      `add ${candidates.map(quoted).join(" ")} || exit 1`,
      '[ -n "$found" ] || { echo none; exit 0; }',
      'echo "name $found"',
      "installed | news | sort -u | sed 's/^/added /'",
      "files \"$found\" | sed -n 's|/bin/java$||; t yes; d; :yes s/^/home /p'",
      "true",
    ].join("\n"),
    read: (stdout) => ({
      name: valuesIn(stdout, "name")[0] ?? null,
      added: valuesIn(stdout, "added"),
      homes: valuesIn(stdout, "home"),
    }),
  };
}

function managing(
  { manager, candidates, lockSeconds, onWait }: InstallOptions,
  verb: string,
): Pick<Operation, "doing" | "about" | "heard" | "failed"> {
  return {
    doing: `${verb} ${candidates[0] ?? "a package"}`,
    about: candidates[0] ?? manager,
    heard: (chunk) => {
      for (const line of chunk.split("\n"))
        if (line.startsWith("waiting ")) onWait(line.slice("waiting ".length).trim());
    },
    failed: lockHeld(lockSeconds),
  };
}

function opening({ manager, lockSeconds }: InstallOptions): string {
  return [`patience=${lockSeconds} found=`, waiting, manager === "apt" ? apt : dnf].join("\n");
}

function valuesIn(stdout: string, word: string): readonly string[] {
  return stdout.split("\n").flatMap((line) => (line.startsWith(`${word} `) ? line.slice(word.length + 1) : []));
}

function lockHeld(seconds: number): NonNullable<Operation["failed"]> {
  return ({ code, stderr }, node) =>
    code === 98
      ? new KctlError({
          code: "timeout",
          node,
          what: `the package manager of ${node} was busy for ${seconds} s: process ${stderr.trim()} holds its lock`,
          fix: "wait until it is done (most often automatic upgrades), then run the same command again",
        })
      : null;
}

/** Those of them that are not installed. */
export function absentPackages(
  manager: InstallOptions["manager"],
  names: readonly string[],
): Operation<readonly string[]> {
  return {
    doing: `look for the packages ${names.join(", ")}`,
    lines: [manager === "apt" ? apt : dnf, "there=$(installed) || exit 1", 'printf "%s\\n" "$there"'].join("\n"),
    read: (stdout) => {
      const there = new Set(stdout.split("\n"));
      return names.filter((name) => !there.has(name));
    },
  };
}

/**
 * Removes these and nothing else: what something needs that was installed since stays, and so do all of them then.
 * @returns whether they are gone
 */
export function removePackages(names: readonly string[], lockSeconds: number): Operation<boolean> {
  const words = names.map(quoted).join(" ");
  return {
    doing: `remove the packages ${names.join(", ")}`,
    lines: [
      `patience=${lockSeconds}`,
      waiting,
      `if command -v dpkg-query >/dev/null; then\n${apt}\nelse\n${dnf}\nfi`,
      `set -- ${words}`,
      'before=$(printf "%s\\n" "$@")',
      'set -- $(installed | grep -xF -e "$before")',
      "[ $# -gt 0 ] || { echo gone; exit 0; }",
      "if command -v dpkg-query >/dev/null; then",
      "  others=$(apt-get -s purge \"$@\" | sed -n 's/^\\(Purg\\|Remv\\) \\([^ ]*\\).*/\\2/p' | news)",
      '  [ -z "$others" ] || { echo kept; exit 0; }',
      '  apt purge "$@" || exit 1',
      "else",
      '  rpm -e --test "$@" >/dev/null 2>&1 || { echo kept; exit 0; }',
      '  rpm -e "$@" >&2 || exit 1',
      "fi",
      "echo gone",
    ].join("\n"),
    read: (stdout) => stdout.trim().endsWith("gone"),
    failed: lockHeld(lockSeconds),
  };
}
