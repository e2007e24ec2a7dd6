/** The services that kctl knows, in the order in which they start. A new one is a file and a line here. */
import type { Role } from "../cluster/cluster.ts";
import { broker } from "./broker.ts";
import { burrow } from "./burrow.ts";
import { connect } from "./connect.ts";
import { controller } from "./controller.ts";
import type { Service } from "./service.ts";
import { zookeeper } from "./zookeeper.ts";

export const servicesInOrder: readonly Service[] = [zookeeper, controller, broker, connect, burrow];

export function service(role: Role): Service {
  const found = servicesInOrder.find((candidate) => candidate.role === role);
  // The spec's rules let no other role through.
  if (found === undefined) throw new RangeError(`no service has the role ${role}`);
  return found;
}
