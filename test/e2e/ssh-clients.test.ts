/** Every command for those who use a cluster, with ZooKeeper, through port 22 alone; the full run has KRaft. */
import { clientsOverSsh } from "./ssh-clients.ts";

clientsOverSsh({ version: "3.9.1", keeper: "zookeeper" });
