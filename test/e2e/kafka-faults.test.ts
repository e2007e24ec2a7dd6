/** Faults of Kafka and ZooKeeper; those of KRaft, and those that take long, are in test/full/kafka-faults.test.ts. */
import { faultsOfClusters, faultsOfMyid } from "./kafka-faults.ts";

faultsOfClusters("zookeeper");
faultsOfMyid();
