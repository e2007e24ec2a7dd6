/** For the Kafka library, which connects by itself: ports of this machine that lead through tunnels. */
import { once } from "node:events";
import { createServer, type AddressInfo, type Server } from "node:net";
import { pipeline } from "node:stream";
import { addressText, type Address } from "./address.ts";
import { dial, hasTunnel } from "./dial.ts";

export type NearEnds = {
  /** Where to connect in place of this address: the same, where no tunnel leads there. */
  readonly of: (address: Address) => Address | Promise<Address>;
  readonly close: () => void;
};

export function nearEnds(): NearEnds {
  const ends = new Map<string, Promise<Server>>();
  const endOf = async (address: Address): Promise<Address> => {
    const key = addressText(address);
    const end = ends.get(key) ?? open(address);
    ends.set(key, end);
    return { host: "127.0.0.1", port: ((await end).address() as AddressInfo).port };
  };
  return {
    of: (address) => (hasTunnel(address.host) ? endOf(address) : address),
    close: () => {
      for (const end of ends.values())
        end.then(
          (server) => server.close(),
          () => undefined,
        );
    },
  };
}

async function open(address: Address): Promise<Server> {
  const server = createServer({ noDelay: true }, (near) => {
    const far = dial(address);
    pipeline(near, far, () => undefined);
    pipeline(far, near, () => undefined);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return server;
}
