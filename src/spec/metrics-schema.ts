/** The schema of metrics: which exporter every JVM is given, and who may ask it. */
import { z } from "zod";
import { cidr, version } from "./formats.ts";
import { ec2, key } from "./key-info.ts";

/** The first whose metrics are called as alerts and dashboard call them; the one that kctl takes by itself. */
export const leastExporter = "1.0.1";

export const metrics = z.strictObject({
  version: key(version.default(leastExporter), {
    doc: "The version of the Prometheus JMX exporter, in full: 1.0.1 or later.",
    effect: "restart",
    example: leastExporter,
  }),
  from: key(z.array(cidr).optional(), {
    doc: "Where Prometheus is: who may reach the servers' metrics beside the cluster's own machines. Default: nobody.",
    effect: "live",
    orOne: true,
    on: ec2,
    example: "[10.0.0.0/8]",
    also: ["prometheus", "access"],
  }),
});
