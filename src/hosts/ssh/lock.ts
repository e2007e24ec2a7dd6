/**
 * One kctl at a time on a cluster, as one host sees it: a lease that ends by the host's own clock, whoever's clock is wrong.
 *
 * The lock is the file /var/lib/kctl/.locks/CLUSTER: whose it is, in its lines; renewed at, its time of modification. It is taken
 * and given back under flock(2) on its folder. A script of changes holds flock on the file itself, shared, for as long as it runs:
 * the lock of a kctl that is gone is not taken over while the last script of it still works on the host.
 */
import { KctlError } from "../../fault.ts";
import type { ProcessMark } from "../local/this-process.ts";
import { quoted } from "./quote.ts";
import { lockLost } from "./script.ts";
import type { Shell } from "./shell.ts";

/** Without a renewal it ends after this. */
export const leaseSeconds = 60;

const base = "/var/lib/kctl";
const folder = `${base}/.locks`;

export type LockOwner = {
  readonly command: string;
  /** USER@HOST of the operator. */ readonly by: string;
  readonly pid: number;
} & Partial<Omit<ProcessMark, "pid">>;

export type HostLock = { readonly cluster: string; readonly token: string };

/** By the host's clock; `left` are the seconds until it ends by itself. */
export type LockHolder = Partial<LockOwner> & {
  readonly token: string;
  readonly since: string;
  readonly left: number;
};

/** The last script of one that was killed, cut off from it, works on for a moment. */
const lastScriptSeconds = 10;

const functions = `
unset CDPATH IFS; export LC_ALL=C PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
plain() { [ -d "$1" ] && [ ! -L "$1" ] && [ -O "$1" ] || { echo "$1 is not a folder of root's" >&2; exit 1; }; }
holder() { token= since= owner=; { read -r token; read -r since; read -r owner; } <"$1"; }
age_of() { age=$(($(date +%s) - $(stat -c %Y "$1"))); }
live() { [ "$age" -le ${leaseSeconds} ] && [ "$age" -ge -${leaseSeconds} ]; }
there() { [ -e "$1" ] || [ -L "$1" ]; }
must_be_file() { [ -f "$1" ] && [ ! -L "$1" ] || { echo "${folder}/$1 is not a file" >&2; exit 1; }; }
`.trim();

/**
 * @param dead the token of a lease that is not waited for, since its kctl is known to have ended
 * @returns null: it is this token's now. Else who holds it.
 */
export async function acquireOn(
  shell: Shell,
  { cluster, token }: HostLock,
  owner: LockOwner,
  signal: AbortSignal,
  dead = "",
): Promise<LockHolder | null> {
  const text = Buffer.from(JSON.stringify(owner)).toString("base64");
  // The folder goes with a lock that is given back in it: then once more. Under flock, nobody else has a draft.
  const script = `{
${functions}
name=${quoted(cluster)} mine=${quoted(token)} dead=${quoted(dead)}
write() { (umask 077; printf '%s\\n%s\\n%s\\n' "$mine" "$(date +%s)" ${quoted(text)} | cat >.draft) && mv -f .draft "$name"; }
busy() { echo "busy $since $((${leaseSeconds} - age)) $owner $token"; exit 0; }
is_dead() { [ -n "$dead" ] && [ "$token" = "$dead" ]; }
turn=0 waited=0
said=
while [ "$turn" -lt 100 ]; do
  turn=$((turn + 1))
  there ${base} || said=$( (umask 022; mkdir ${base}) 2>&1)
  there ${folder} || said=$( (umask 077; mkdir ${folder}) 2>&1)
  there ${folder} || continue
  plain ${base}; plain ${folder}
  cd -P ${folder} 2>/dev/null || continue
  exec 9<.
  flock 9 || exit 1
  if there "$name"; then
    must_be_file "$name"; holder "$name"; age_of "$name"
    if [ "$token" = "$mine" ]; then touch "$name" && echo held; exit; fi
    is_dead || ! live || busy
    exec 8<"$name"
    if ! flock -n 8; then
      is_dead && [ "$waited" -lt ${lastScriptSeconds} ] || busy
      waited=$((waited + 1))
      exec 8<&- 9<&-
      cd /
      sleep 1
      continue
    fi
  fi
  said=$(write 2>&1) && { echo held; exit 0; }
  exec 9<&-
  cd /
done
echo "$said" >&2
exit 1
}
`;
  const { code, stdout, stderr } = await shell.run(script, { signal });
  const [verdict, since = "", left = "", encoded = "", holder = ""] = stdout.trim().split(" ");
  if (code === 0 && verdict === "held") return null;
  if (code === 0 && verdict === "busy")
    return { token: holder, since: instant(since), left: Math.max(0, Number(left) || 0), ...parseOwner(encoded) };
  throw new KctlError({
    code: "host-io",
    node: shell.node,
    where: folder,
    what: `${shell.node} cannot be locked: ${stderr.trim().split("\n")[0] || `the script ended with ${code}`}`,
    fix: "mend what it says (it takes root's own folder, some disk space, and flock of util-linux), then run the same command again",
    ...(stderr.trim() === "" ? {} : { detail: stderr.trim() }),
  });
}

/**
 * One that ended meanwhile and that nobody took is taken up again: a network that was gone for a while costs nothing.
 * @returns whether it is still this token's
 */
export async function renewOn(shell: Shell, { cluster, token }: HostLock, signal: AbortSignal): Promise<boolean> {
  const { code, stdout, stderr } = await shell.run(
    `{
${functions}
name=${quoted(cluster)}
cd -P ${folder} 2>/dev/null || { echo lost; exit 0; }
exec 9<.
flock 9 || exit 1
[ -f "$name" ] && holder "$name" && [ "$token" = ${quoted(token)} ] || { echo lost; exit 0; }
touch "$name" && echo held
}
`,
    { signal },
  );
  const said = stdout.trim();
  if (code === 0 && (said === "held" || said === "lost")) return said === "held";
  throw new KctlError({
    code: "host-io",
    node: shell.node,
    where: folder,
    what: `the lock on ${shell.node} cannot be renewed: ${stderr.trim().split("\n")[0] || `the script ended with ${code}`}`,
    fix: "see whether its disk is full or read-only",
  });
}

/** Takes the folders of locks along where nothing else is in them. Somebody else's lock is left, and so is one that a script still works under. */
export async function releaseOn(shell: Shell, { cluster, token }: HostLock, signal: AbortSignal): Promise<void> {
  await shell.run(
    `{
${functions}
name=${quoted(cluster)}
cd -P ${folder} 2>/dev/null || exit 0
exec 9<.
flock 9 || exit 1
[ -f "$name" ] && holder "$name" && [ "$token" = ${quoted(token)} ] || exit 0
exec 8<"$name"
flock -n 8 || exit 0
rm -f "$name"
rmdir ${folder} ${base} 2>/dev/null
exit 0
}
`,
    { signal },
  );
}

/**
 * Lines for the head of a script of changes: it goes on only under this lock, and nobody takes the lock over before it ends.
 * They leave descriptor 8 open. The age is asked of one program, of two where that says no: it is asked at the head of every script.
 */
export function fenceOf({ cluster, token }: HostLock): string {
  const file = quoted(`${folder}/${cluster}`);
  return `
lock_lost() { echo "$1" >&2; exit ${lockLost}; }
{ command exec 8<${file}; } 2>/dev/null || lock_lost 'the lock is gone'
flock -s 8 || lock_lost 'flock of util-linux does not work here'
lock_token=; read -r lock_token <${file}
[ "$lock_token" = ${quoted(token)} ] || lock_lost 'the lock is held by another kctl'
[ -n "$(find ${file} -mmin -${leaseSeconds / 60} ! -mmin -0 2>/dev/null)" ] || {
  lock_age=$(($(date +%s) - $(stat -c %Y ${file})))
  [ "$lock_age" -le ${leaseSeconds} ] && [ "$lock_age" -ge -${leaseSeconds} ] || lock_lost "the lock was last renewed $lock_age s ago, and ends after ${leaseSeconds} s"
}
`.trim();
}

/** For a host that was not locked. */
export function fenceOfUnlocked(): string {
  return `echo 'this host could not be reached when the cluster was locked' >&2; exit ${lockLost}`;
}

function instant(epoch: string): string {
  return /^\d{1,12}$/.test(epoch) ? new Date(Number(epoch) * 1000).toISOString() : "an unknown time";
}

function parseOwner(encoded: string): Partial<LockOwner> {
  try {
    const value = JSON.parse(Buffer.from(encoded, "base64").toString()) as Partial<
      Record<keyof LockOwner, unknown>
    > | null;
    const { command, by, pid, birth, machine } = value ?? {};
    if (typeof command !== "string" || typeof by !== "string" || typeof pid !== "number") return {};
    const isMarked = typeof birth === "string" && typeof machine === "string";
    return { command, by, pid, ...(isMarked ? { birth, machine } : {}) };
  } catch {
    return {};
  }
}
