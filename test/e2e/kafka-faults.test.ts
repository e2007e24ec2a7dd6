/** Faults of Kafka and ZooKeeper; those of KRaft are in test/full/kafka-faults-kraft.test.ts. */
import { faultsOfClusters, faultsOfMyid } from "./kafka-faults.ts";

faultsOfClusters("zookeeper");
faultsOfMyid();
