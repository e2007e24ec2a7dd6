/** One JSON object a line on standard output; the result is the last. */
import type { Fault } from "../fault.ts";
import type { Reporter, WriteLine } from "./reporter.ts";

/** An error as the interface promises it: code, what, where, fix, node; null where there is none. */
export function faultFields({ code, what, where, fix, node, detail }: Fault): Record<string, unknown> {
  return {
    code,
    what,
    where: where ?? null,
    fix: fix ?? null,
    node: node ?? null,
    ...(detail === undefined ? {} : { detail }),
  };
}

export function jsonReporter(write: WriteLine): Reporter {
  return {
    event: (event) => {
      write(JSON.stringify("fault" in event ? { ...event, fault: faultFields(event.fault) } : event));
    },
    result: ({ ok, faults, fields }) => {
      write(JSON.stringify({ type: "result", ok, errors: faults.map(faultFields), ...fields }));
    },
    aside: (work) => work(),
  };
}
