/** What `kctl doctor` met: a line a broker of each listener; what is at fault comes after it. */
import type { Paint } from "./colours.ts";
import { tableLines } from "./table.ts";

type Step = { readonly step: string; readonly ok: boolean | null; readonly detail: string; readonly ms: number };

type Shown = {
  readonly cluster: string;
  readonly listeners: readonly {
    readonly name: string;
    readonly advertise: string | null;
    readonly ok: boolean;
    readonly brokers: readonly {
      readonly node: string | null;
      readonly address: string;
      readonly id: number | null;
      readonly ok: boolean;
      readonly steps: readonly Step[];
    }[];
  }[];
};

export function doctorText({ cluster, listeners }: Shown, paint: Paint, words: boolean): string {
  const ok = listeners.every((listener) => listener.ok);
  const verdict = ok
    ? paint("green", "clients on this machine can work")
    : paint("red", "not every broker can be used");
  return [
    `${paint("bold", cluster)}: ${verdict}`,
    ...listeners.flatMap((listener) => ["", ...listenerLines(listener, paint, words)]),
  ].join("\n");
}

function listenerLines(
  { name, advertise, brokers }: Shown["listeners"][number],
  paint: Paint,
  words: boolean,
): readonly string[] {
  const told = advertise === null ? "" : paint("dim", ` (clients are told: ${advertise})`);
  const rows = brokers.map(({ node, address, id, ok, steps }) => [
    `  ${signOf(ok, paint, words)}`,
    node ?? "not in the spec",
    address,
    id === null ? "" : `broker ${id}`,
    stepsText(steps),
  ]);
  return [`${paint("bold", `listener ${name}`)}${told}`, ...tableLines(rows)];
}

function signOf(ok: boolean, paint: Paint, words: boolean): string {
  if (words) return ok ? "works:" : "does not work:";
  return ok ? paint("green", "✓") : paint("red", "✗");
}

/** Up to the one that failed. */
function stepsText(steps: readonly Step[]): string {
  const failed = steps.find(({ ok }) => ok === false);
  if (failed !== undefined) return `${failed.step}: ${failed.detail}`;
  const ms = steps.reduce((sum, step) => sum + step.ms, 0);
  const connect = steps.find(({ step }) => step === "connect");
  return `${connect?.detail ?? ""}, ${ms} ms`;
}
