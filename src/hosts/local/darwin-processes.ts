/** Processes as macOS shows them: by `ps`, in one call. */
import type { Processes, Sighting } from "./processes.ts";
import { outputOf } from "./output-of.ts";

const columns = "pid=,ppid=,uid=,stat=,lstart=,command=";

/** Lines of `ps -o pid=,ppid=,uid=,stat=,lstart=,command=`: the time is of fixed length, the command is the rest. */
export function parsePs(output: string, user: number | undefined): readonly Sighting[] {
  return output.split("\n").flatMap((line): readonly Sighting[] => {
    const match = /^ *(\d+) +(\d+) +(\d+) +(\S+) +(\w{3} +\w{3} +\d+ [\d:]{8} \d{4}) +(\S.*)$/.exec(line);
    if (match === null) return [];
    const [, pid, parent, uid, state = "Z", started = "", command = ""] = match;
    if (state.startsWith("Z") || (user !== undefined && Number(uid) !== user)) return [];
    return [
      {
        pid: Number(pid),
        parent: Number(parent),
        birth: sortableTime(started),
        command: { text: ` ${command.trimEnd()} `, separator: " " },
      },
    ];
  });
}

const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** `Mon Nov 23 23:15:00 2026` as `20261123 23:15:00`, so that births compare as text. */
function sortableTime(started: string): string {
  const [, month = "", day = "", time = "", year = ""] = started.split(/ +/);
  return `${year}${String(months.indexOf(month) + 1).padStart(2, "0")}${day.padStart(2, "0")} ${time}`;
}

export function darwinProcesses(): Processes {
  const user = process.geteuid?.();
  // The time of start must read the same whatever the operator's language and time zone are.
  const env = { PATH: "/bin:/usr/bin", LC_ALL: "C", TZ: "UTC" };
  return {
    sightings: async (interesting) => {
      const output = await outputOf("ps", ["-axww", "-o", columns], env);
      return parsePs(output, user).filter(({ command }) => interesting(command));
    },
    birthOf: async (pid) => {
      const output = await outputOf("ps", ["-ww", "-o", columns, "-p", String(pid)], env);
      return parsePs(output, undefined)[0]?.birth ?? null;
    },
  };
}
