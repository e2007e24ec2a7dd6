/** Faults of Kafka and its controllers, and of brokers that are missed; the others with ZooKeeper are in test/e2e/kafka-faults.test.ts. */
import { faultsOfClusters, faultsOfMissedBrokers } from "../e2e/kafka-faults.ts";

faultsOfClusters("controller");
faultsOfMissedBrokers("controller");
faultsOfMissedBrokers("zookeeper");
