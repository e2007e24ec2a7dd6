/** kctl doctor */
import { specCommand, type CommandPage } from "../command.ts";
import { run } from "../run.ts";

const page: CommandPage = {
  about: [
    "Does what a client on this machine would do, at each address of each listener that clients are told: looks its name up, connects, speaks Kafka, and reads which addresses brokers tell. It connects straight, not through the SSH connections that kctl has otherwise, and says which listener, name, rule or route is at fault. It reads only.",
    "Run it where the client runs. Of a spec with `provider: ssh` it needs no SSH.",
  ],
  exits: { 1: "a client on this machine could not work with every broker" },
  result: {
    cluster: "the cluster's name",
    listeners:
      "of each listener `{name, advertise, ok, brokers}`; of each broker `{node, address, id, ok, steps}`, where `node` is null for an address that brokers tell and the spec does not have, and `id` null for one that no broker tells; `steps` are `{step, ok, detail, ms}`: `name`, `connect`, `kafka`, `told`; `ok` is null where a step was not come to",
  },
  examples: [
    ["kctl doctor", "why can my client not connect?"],
    ["kctl doctor --timeout 2s --json", "the same for a program, which waits less"],
  ],
};

export const doctorCommand = () =>
  specCommand("doctor", "try from here, as a client would, every address that clients are told", page).action(
    (options) =>
      run(options, async (context) => {
        const [{ doctor }, { doctorText }] = await Promise.all([
          import("../../operations/doctor.ts"),
          import("../../report/doctor-text.ts"),
        ]);
        const { cluster, listeners, faults } = await doctor(context);
        return {
          faults,
          fields: {
            cluster,
            listeners: listeners.map(({ name, advertise, ok, brokers }) => ({ name, advertise, ok, brokers })),
          },
          text: (paint, { words }) => doctorText({ cluster, listeners }, paint, words),
        };
      }),
  );
