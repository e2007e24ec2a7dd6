import { describeKraft, describeWithZookeeper } from "./support/requests.ts";

describeWithZookeeper("3.9.1", 12_681);
describeKraft("4.3.1", 13_481);
