/** One JSON object a line on standard output; the result is the last. */
import type { Fault } from "../fault.ts";
import type { Event } from "./events.ts";
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

function eventFields(event: Event): object {
  if ("fault" in event) return { ...event, fault: faultFields(event.fault) };
  if (event.type !== "lag") return event;
  const { faults, warnings, ...others } = event;
  return { ...others, errors: faults.map(faultFields), warnings: warnings.map(faultFields) };
}

export function jsonReporter(write: WriteLine): Reporter {
  return {
    event: (event) => {
      write(JSON.stringify(eventFields(event)));
    },
    result: ({ ok, faults, fields }) => {
      write(JSON.stringify({ type: "result", ok, errors: faults.map(faultFields), ...fields }));
    },
    aside: (work) => work(),
  };
}
