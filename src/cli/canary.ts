/** `--canary`, as the commands that restart servers take it. */
import type { CanaryWatch } from "../operations/canary.ts";
import type { Context } from "../operations/context.ts";
import type { Watch } from "../operations/roll/watch.ts";
import { canaryText } from "../report/canary-text.ts";

export const canaryHelp =
  "send records through the brokers meanwhile, and stop at the first that is lost, doubled or late";

type CanaryOption = {
  readonly watch: (context: Context) => Promise<Watch>;
  /** For the JSON result, whether it went well or not; none where the option was not given. */
  readonly fields: () => Readonly<Record<string, unknown>>;
  /** Beginning with a line's end. */
  readonly text: () => string;
};

const none: CanaryOption = {
  watch: async () => (await import("../operations/roll/watch.ts")).nobody,
  fields: () => ({}),
  text: () => "",
};

export function canaryOf(option: true | undefined): CanaryOption {
  if (option === undefined) return none;
  let made: CanaryWatch | null = null;
  const report = () => made?.report() ?? null;
  return {
    watch: async (context) => {
      const { canaryWatch } = await import("../operations/canary.ts");
      return (made = canaryWatch(context));
    },
    fields: () => ({ canary: report() }),
    text: () => `\n${canaryText(report())}`,
  };
}
