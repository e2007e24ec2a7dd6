import { describeKraft, describeWithZookeeper } from "./support/requests.ts";

describeWithZookeeper("3.9.1", 12_681);
describeKraft("4.3.1", 13_481);

if (process.env["KCTL_FULL"] === "1") {
  describeWithZookeeper("3.7.2", 12_781);
  describeKraft("3.9.1", 13_581);
  describeKraft("4.1.1", 13_681);
}
