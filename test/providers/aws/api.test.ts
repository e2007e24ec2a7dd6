/** What moto cannot show: pages and answers as the Amazon EC2 API Reference documents them, at the level of requests. */
import { DescribeInstancesCommand, RunInstancesCommand, TerminateInstancesCommand } from "@aws-sdk/client-ec2";
import { describe, expect, test } from "vitest";
import { faultsOf } from "../../../src/fault.ts";
import { mustStillHold } from "../../../src/providers/must-still-hold.ts";
import { instancesBy, volumesBy } from "../../../src/providers/aws/observe.ts";
import { offersFor } from "../../../src/providers/aws/offers.ts";
import { injectFault } from "../../faults/fault.ts";
import { answered, refusal, standIn } from "./stand-in.ts";

const instance = (id: string): string =>
  `<item><instancesSet><item><instanceId>${id}</instanceId><instanceState><code>16</code><name>running</name></instanceState></item></instancesSet></item>`;

/** docs.aws.amazon.com/AWSEC2/latest/APIReference/Query-Requests.html, "Pagination": a page may be empty and have a next one. */
injectFault(14, "machines and volumes come in pages, one of which is empty", async () => {
  const pages: Readonly<Record<string, readonly [items: string, next: string]>> = {
    "": ["1", "a"],
    a: ["", "b"],
    b: ["2", ""],
  };
  const { api, asked } = await standIn(({ action, params }) => {
    const [item, next] = pages[params.get("NextToken") ?? ""] ?? ["", ""];
    const token = next === "" ? "" : `<nextToken>${next}</nextToken>`;
    const isVolumes = action === "DescribeVolumes";
    const one = item === "" ? "" : isVolumes ? `<item><volumeId>vol-${item}</volumeId></item>` : instance(`i-${item}`);
    const set = isVolumes ? "volumeSet" : "reservationSet";
    return answered(action, `<${set}>${one}</${set}>${token}`);
  });
  const filters = [{ Name: "tag:kctl:cluster", Values: ["demo"] }];
  expect((await instancesBy(api, filters)).map(({ id }) => id)).toEqual(["i-1", "i-2"]);
  expect((await volumesBy(api, filters)).map(({ id }) => id)).toEqual(["vol-1", "vol-2"]);
  expect(asked.map(({ params }) => params.get("NextToken"))).toEqual([null, "a", "b", null, "a", "b"]);
  expect(asked.every(({ params }) => Number(params.get("MaxResults")) >= 500)).toBe(true);
  return "each page is asked for, and nothing is missed";
});

describe("what is tried again", () => {
  /** Amazon EC2 API Reference, "Server error codes": it comes with status 500. */
  test("no capacity is an answer, though it comes as an error of the server's", async () => {
    const { api, asked } = await standIn(() => refusal("InsufficientInstanceCapacity", 500));
    const order = new RunInstancesCommand({ MinCount: 1, MaxCount: 1, ImageId: "ami-1" });
    const failed = await api.call((client, options) => client.send(order, options)).catch(faultsOf);
    expect(failed).toMatchObject([{ code: "aws-capacity", where: "ec2:RunInstances in eu-central-1" }]);
    expect(asked).toHaveLength(1);
  });

  test("a true error of the server's, and too many calls, are tried again", async () => {
    const answers = [refusal("InternalError", 500), refusal("RequestLimitExceeded", 503), refusal("Unavailable", 503)];
    const { api, asked } = await standIn(
      ({ action }) => answers.shift() ?? answered(action, "<reservationSet></reservationSet>"),
    );
    await api.call((client, options) => client.send(new DescribeInstancesCommand({}), options));
    expect(asked).toHaveLength(4);
  });

  test("a refusal is not", async () => {
    const { api, asked } = await standIn(() => refusal("UnauthorizedOperation", 403));
    const failed = await api
      .call((client, options) => client.send(new DescribeInstancesCommand({}), options))
      .catch(faultsOf);
    expect(failed).toMatchObject([
      { code: "aws-denied", what: expect.stringContaining("ec2:DescribeInstances") as unknown },
    ]);
    expect(asked).toHaveLength(1);
  });
});

/** docs.aws.amazon.com/AWSEC2/latest/UserGuide/ami-deprecate.html: who knows its id can launch a deprecated image. */
injectFault(16, "an image that its owner has deprecated, by its id and by its name", async () => {
  const image = `<item><imageId>ami-1</imageId><imageState>available</imageState><architecture>arm64</architecture><name>debian-12-arm64-1</name><imageOwnerId>136693071363</imageOwnerId><rootDeviceName>/dev/xvda</rootDeviceName><creationDate>2020-01-01T00:00:00.000Z</creationDate><deprecationTime>2022-01-01T00:00:00.000Z</deprecationTime></item>`;
  const { api } = await standIn(({ action }) =>
    action === "DescribeImages" ? answered(action, `<imagesSet>${image}</imagesSet>`) : answered(action, ""),
  );
  const wanted = ["ami-1", "debian-12"].map((name) => ({ types: ["m7g.large"], image: name }));
  const offers = await offersFor(api, wanted, Promise.resolve([]));
  expect(offers.image("ami-1", "arm64")).toEqual({ id: "ami-1", rootDevice: "/dev/xvda", user: "admin" });
  expect(() => offers.image("debian-12", "arm64")).toThrow(
    "every image debian-12 in eu-central-1 is deprecated, the last one since 2022",
  );
  expect(() => offers.image("ami-1", "x86_64")).toThrow("the image ami-1 is for arm64");
  return "one that the spec names by its id is launched; by name the newest that is not deprecated, or an error that says so";
});

injectFault(30, "the lock in EC2 is lost while a call that removes something waits to be tried again", async () => {
  const held = [true, false];
  const { api, asked } = await standIn(
    () => refusal("RequestLimitExceeded", 503),
    () => mustStillHold({ stillHeld: () => Promise.resolve(held.shift() ?? false) }),
  );
  const order = new TerminateInstancesCommand({ InstanceIds: ["i-1"] });
  const failed = await api.call((client, options) => client.send(order, options)).catch(faultsOf);
  expect(failed).toMatchObject([
    { code: "locked", what: expect.stringContaining("took this cluster over") as unknown },
  ]);
  expect(asked).toHaveLength(1);
  return "it is not asked a second time, and says that another kctl has the cluster";
});
