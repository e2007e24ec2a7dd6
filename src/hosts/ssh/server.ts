/** Starts and stops a server through its systemd unit: only ever that very process. */
import { KctlError } from "../../fault.ts";
import type { RunningProcess } from "../../plan/observed.ts";
import type { DesiredProcess } from "../../services/desired.ts";
import { firstLine } from "./host-fault.ts";
import { nothing, type Operation, type Verdict } from "./operation.ts";
import { quoted } from "./quote.ts";

/** How long systemd may take until the unit's shell has become the server. */
const startSeconds = 20;

/**
 * Starts it unless it runs, and waits until its main process carries the mark of the service. Prints pid, birth,
 * then its arguments, a line each.
 */
export function startServer(desired: DesiredProcess, unit: string): Operation<RunningProcess> {
  const name = quoted(unit);
  const file = quoted(`/etc/systemd/system/${unit}`);
  const log = quoted(desired.console);
  return {
    doing: `start ${desired.key}`,
    about: unit,
    uses: "units",
    lines: `
nl='
'
ask() {
  told=$nl$(systemctl show -p ActiveState,SubState,MainPID,NeedDaemonReload,ConditionTimestampMonotonic ${name})$nl
  pid=\${told#*"$nl"MainPID=}; pid=\${pid%%"$nl"*}
}
is() { case $told in *"$nl$1$nl"*) return 0 ;; esac; return 1; }
seen() {
  [ "\${pid:-0}" -gt 0 ] 2>/dev/null || return 1
  birth=$(birth_of "$pid") || return 1
  argv=$nl$(tr '\\0' '\\n' 2>/dev/null <"/proc/$pid/cmdline")$nl
  case $argv in *"$nl"${quoted(desired.mark)}"$nl"*) ;; *) return 1 ;; esac
  printf '%s\\n%s%s' "$pid" "$birth" "$argv"
}
said() {
  if [ -s ${log} ]; then tail -n 10 ${log}; else
    journalctl --no-pager -q -o cat -n 10 "_SYSTEMD_INVOCATION_ID=$(systemctl show -p InvocationID --value ${name})"
  fi >&2
}
unmounted() {
  for each in $(sed -n 's/^AssertPathIsMountPoint=//p' ${file} 2>/dev/null); do
    mountpoint -q "$each" || { echo "$each" >&2; return 0; }
  done
  return 1
}
ask
if is ActiveState=active && seen; then exit 0; fi
! is NeedDaemonReload=yes || systemctl daemon-reload || exit 1
# How often somebody tried to start it of late counts no more.
is ConditionTimestampMonotonic=0 || systemctl reset-failed ${name} 2>/dev/null
systemctl start ${name} || { unmounted && exit 94; said; exit 91; }
turn=0
while [ "$turn" -lt ${startSeconds * 20} ]; do
  ask
  if seen; then exit 0; fi
  if is ActiveState=failed || is ActiveState=inactive || is ActiveState=deactivating || is SubState=auto-restart; then said; exit 91; fi
  sleep 0.05; turn=$((turn + 1))
done
said; exit 92`.trim(),
    read: runningIn,
    failed: (verdict, node) => diedAtStart(desired, verdict, node),
  };
}

function runningIn(stdout: string): RunningProcess {
  const [pid = "", birth = "", ...argv] = stdout.trimEnd().split("\n");
  const prefix = "-Dkctl.inputs=";
  const inputs = argv.find((argument) => argument.startsWith(prefix))?.slice(prefix.length) ?? null;
  return { pid: Number(pid), birth, inputs, program: argv[0] ?? null };
}

function diedAtStart(desired: DesiredProcess, { code, stderr }: Verdict, node: string): KctlError | null {
  if (code === 94) return notMounted(desired, stderr, node);
  if (code !== 91 && code !== 92) return null;
  return new KctlError({
    code: "service-died",
    node,
    where: desired.console,
    what:
      code === 91
        ? `${desired.key} ended right after it was started`
        : `${desired.key} was started ${startSeconds} s ago and still runs nothing of Kafka's`,
    fix: "mend what it says, then run `kctl up` again: it goes on from here",
    ...(stderr.trim() === "" ? {} : { detail: stderr.trim() }),
  });
}

/** Its unit asks that its data volume be mounted; what systemctl says of that comes before the folder's name. */
function notMounted({ key }: DesiredProcess, stderr: string, node: string): KctlError {
  const mountPoint = stderr.trim().split("\n").at(-1) ?? "";
  return new KctlError({
    code: "volume-missing",
    node,
    where: mountPoint,
    what: `${key} was not started: its data volume is not mounted at ${mountPoint}, and in the empty folder it would begin anew`,
    fix: "see whether the volume is attached; `kctl up` mounts it, then starts the server",
  });
}

/** The unit of a process, as its cgroup tells it; empty where it is in none of kctl's. */
const unitOfProcess = `
unit_of() {
  sed -n 's/^\\(0:\\|[0-9]*:name=systemd\\):.*\\/\\(kctl-[^/]*\\.service\\)$/\\2/p' "/proc/$1/cgroup" 2>/dev/null | head -n 1
}`.trim();

/**
 * In order, in the time that its unit gives it; without any grace it is killed. Resolves once it is gone.
 * A process that is not its unit's own (a second one, started by hand) is told by itself.
 */
export function stopServer({ pid, birth }: RunningProcess, graceSeconds: number): Operation {
  const hard = graceSeconds === 0;
  return {
    doing: `stop process ${pid}`,
    about: `process ${pid}`,
    lines: `
${unitOfProcess}
alive() { [ "$(birth_of ${pid})" = ${quoted(birth)} ]; }
gone_in() { turn=0; while alive; do [ "$turn" -lt "$1" ] || return 1; sleep 0.1; turn=$((turn + 1)); done; }
alive || exit 0
unit=$(unit_of ${pid})
if [ -n "$unit" ] && [ "$(systemctl show -p MainPID --value "$unit")" = ${pid} ]; then
  ${hard ? 'systemctl kill --signal=KILL "$unit"' : ":"}
  systemctl stop "$unit" || exit 1
  systemctl reset-failed "$unit" 2>/dev/null
else
  ${hard ? ":" : `kill -TERM ${pid}; kill -CONT ${pid}; gone_in ${Math.ceil(graceSeconds * 10)} && exit 0`}
  ! alive || kill -KILL ${pid}
fi
gone_in 100 || exit 93`.trim(),
    read: nothing,
    failed: ({ code, stderr }, node) =>
      code === 93
        ? new KctlError({
            code: "timeout",
            node,
            what: `process ${pid} on ${node} does not end, though it was killed`,
            fix: "it waits for the system, most often for a disk: see `ps -o pid,stat,wchan`, and run the same command again",
            ...(firstLine(stderr) === null ? {} : { detail: stderr.trim() }),
          })
        : null,
  };
}

export function isServerAlive({ pid, birth }: RunningProcess): Operation<boolean> {
  return {
    doing: `look at process ${pid}`,
    // One that ends with its machine is no server that died.
    lines: `if [ "$(birth_of ${pid})" = ${quoted(birth)} ]; then echo yes; else ! going_down; fi`,
    read: (stdout) => stdout.trim() === "yes",
  };
}
