import { expect, test } from "vitest";
import { javaPackages } from "../../../src/hosts/ssh/java-packages.ts";

const debian = (version: number) => `PRETTY_NAME="Debian"\nVERSION_ID="${version}"\nID=debian\n`;
const ubuntu = (version: string) => `ID=ubuntu\nID_LIKE=debian\nVERSION_ID="${version}"\n`;
const like = (id: string, version: string) => `ID="${id}"\nID_LIKE="rhel centos fedora"\nVERSION_ID="${version}"\n`;

test.each([
  [debian(11), 17, "apt", ["openjdk-17-jre-headless"]],
  [debian(11), 11, "apt", ["openjdk-17-jre-headless", "openjdk-11-jre-headless"]],
  [debian(12), 17, "apt", ["openjdk-17-jre-headless"]],
  [debian(13), 17, "apt", ["openjdk-21-jre-headless", "openjdk-25-jre-headless"]],
  [debian(14), 17, "apt", ["openjdk-21-jre-headless", "openjdk-25-jre-headless"]],
  [debian(10), 17, "apt", []],
  [ubuntu("20.04"), 17, "apt", ["openjdk-17-jre-headless", "openjdk-21-jre-headless"]],
  [ubuntu("22.04"), 17, "apt", ["openjdk-17-jre-headless", "openjdk-21-jre-headless"]],
  [ubuntu("24.04"), 17, "apt", ["openjdk-17-jre-headless", "openjdk-21-jre-headless"]],
  [
    `ID="amzn"\nID_LIKE="fedora"\nVERSION_ID="2023"\n`,
    11,
    "dnf",
    ["java-17-amazon-corretto-headless", "java-21-amazon-corretto-headless", "java-11-amazon-corretto-headless"],
  ],
  [like("rhel", "8.10"), 17, "dnf", ["java-17-openjdk-headless", "java-21-openjdk-headless"]],
  [like("rocky", "9.4"), 17, "dnf", ["java-17-openjdk-headless", "java-21-openjdk-headless"]],
  [like("almalinux", "9.4"), 8, "dnf", ["17", "21", "11", "1.8.0"].map((major) => `java-${major}-openjdk-headless`)],
  [like("almalinux", "10.0"), 17, "dnf", ["java-21-openjdk-headless"]],
  [
    `ID=linuxmint\nID_LIKE="ubuntu debian"\nVERSION_ID="21.3"\n`,
    17,
    "apt",
    ["openjdk-17-jre-headless", "openjdk-21-jre-headless"],
  ],
])("%j, at least %i", (osRelease, least, manager, names) => {
  const found = javaPackages(osRelease, { least, best: 17, most: null });
  expect(found?.manager).toBe(manager);
  expect(found?.packages.map(({ name }) => name)).toEqual(names);
});

test.each(["", "ID=alpine\nVERSION_ID=3.20\n", "ID=arch\n"])("%j is none whose packages are known", (osRelease) => {
  expect(javaPackages(osRelease, { least: 17, best: 17, most: null })).toBeNull();
});

test("none that is newer than will do", () => {
  const packagesOf = (major: number) =>
    javaPackages('ID=debian\nVERSION_ID="13"\n', { least: major, best: major, most: major })?.packages;
  expect(packagesOf(17)).toEqual([]);
  expect(packagesOf(21)).toEqual([{ name: "openjdk-21-jre-headless", major: 21 }]);
});
