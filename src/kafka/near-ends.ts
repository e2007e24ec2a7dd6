/** For the Kafka library, which connects by itself: ports of this machine that lead through tunnels. Closed after use. */
import { createServer, type AddressInfo, type Server } from "node:net";
import { once } from "node:events";
import { pipeline } from "node:stream";
import { addressText, type Address, type AddressMap } from "./address.ts";
import { dial, hasTunnel } from "./dial.ts";

export type NearEnds = { readonly map: AddressMap; readonly close: () => void };

/** @param addresses what brokers tell their clients, and how they are asked first */
export async function nearEnds(addresses: readonly Address[]): Promise<NearEnds> {
  const far = addresses.filter(({ host }) => hasTunnel(host));
  const distinct = [...new Map(far.map((address) => [addressText(address), address])).entries()];
  const ends = new Map(
    await Promise.all(distinct.map(async ([text, address]) => [text, await open(address)] as const)),
  );
  return {
    map: (host, port) => {
      const end = ends.get(addressText({ host, port }));
      return end === undefined ? { host, port } : { host: "127.0.0.1", port: (end.address() as AddressInfo).port };
    },
    close: () => {
      for (const end of ends.values()) end.close();
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
