/** What is said to systemd of units, but for starting and stopping servers. */
import { nothing, type Operation } from "./operation.ts";
import { quoted } from "./quote.ts";

/** Once for all unit files that a script has written or removed by then. */
export function reloadUnits(): Operation {
  return {
    doing: "have systemd read its units again",
    lines: "systemctl daemon-reload",
    read: nothing,
    settles: "units",
  };
}

/**
 * Once for all units that a script has made by then. Those that systemd has not loaded yet, it reads when it first needs them: only
 * for others is it made to read all units of the machine again, generators and all (systemd.unit(5)). From 255 on that is so after
 * each that is enabled.
 *
 * @param units of the machine, all of them
 */
export function readUnits(units: readonly string[]): Operation {
  return {
    doing: "have systemd read its units",
    lines: `
for each in $(systemctl show -p LoadState,NeedDaemonReload -- ${units.map(quoted).join(" ")} || echo unknown); do
  case $each in LoadState=loaded | NeedDaemonReload=no) ;; *) systemctl daemon-reload; exit ;; esac
done`.trim(),
    read: nothing,
    settles: "new-units",
  };
}

/** At boot. systemd reads its file then; it need not know of it yet. */
export function enableUnit(unit: string): Operation {
  return {
    doing: `enable ${unit}`,
    about: unit,
    lines: `systemctl --no-reload --quiet enable ${quoted(unit)}`,
    read: nothing,
  };
}

/** Not at boot any more; what runs goes on running. One that is not there is fine. */
export function disableUnit(unit: string): Operation {
  const name = quoted(unit);
  return {
    doing: `disable ${unit}`,
    about: unit,
    lines: `
case $(systemctl is-enabled ${name} 2>/dev/null) in enabled | enabled-runtime | linked | linked-runtime) ;; *) exit 0 ;; esac
systemctl --no-reload --quiet disable ${name}`.trim(),
    read: nothing,
    uses: "units",
  };
}

/** Whatever state it is in, waiting to be started again included; and forgets that it failed. */
export function quietUnit(unit: string): Operation {
  const name = quoted(unit);
  return {
    doing: `stop ${unit}`,
    about: unit,
    lines: `
[ "$(systemctl show -p LoadState --value ${name})" != not-found ] || exit 0
systemctl stop ${name} || exit 1
systemctl reset-failed ${name} 2>/dev/null || true`.trim(),
    read: nothing,
    uses: "units",
  };
}

/** What a unit's processes printed last beside their own log, which lies in a file: a JVM's words, before that is up or as it crashes. */
export function tailOfJournal(unit: string): Operation<string> {
  return {
    doing: `read the journal of ${unit}`,
    about: unit,
    lines: `journalctl --no-pager -q -o cat -n 1000 -u ${quoted(unit)} 2>/dev/null | sed -E '/^(TRACE|DEBUG|INFO|WARN|ERROR|FATAL) .*\\)$/d' | tail -n 200`,
    read: (stdout) => stdout,
  };
}
