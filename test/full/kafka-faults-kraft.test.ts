/** Faults of Kafka and its controllers; those with ZooKeeper are in test/e2e/kafka-faults.test.ts. */
import { faultsOfClusters } from "../e2e/kafka-faults.ts";

faultsOfClusters("controller");
