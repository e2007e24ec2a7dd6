/** A spec of 500 nodes, each spelled out: what a large generated spec looks like. */
export function spec500(): string {
  const nodes = Array.from(
    { length: 500 },
    (_, index) =>
      `  - { name: node-${index + 1}, roles: [${index < 5 ? "zookeeper, " : ""}broker], rack: rack-${index % 3}, config: { num.io.threads: ${index + 1} } }`,
  );
  return `name: large\nprovider:\n  type: local\nkafka:\n  version: 3.9.1\nnodes:\n${nodes.join("\n")}\n`;
}
