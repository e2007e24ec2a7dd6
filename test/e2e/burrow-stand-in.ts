/** A release of Burrow as its makers pack them, with a small program in it that does what kctl relies on; or the real one. */
import { createHash } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { create } from "tar";

export type Release = { readonly archive: string; readonly sha512: string };

/** What the stand-in is to say of groups, by cluster and group: it reads no commits itself, and looks here at each question. */
export type Told = Readonly<
  Record<
    string,
    Readonly<
      Record<
        string,
        {
          readonly complete: number;
          readonly partitions: readonly {
            readonly topic: string;
            readonly partition: number;
            readonly status: string;
          }[];
        }
      >
    >
  >
>;

const toldIn = (folder: string): string => join(folder, "told.json");

export async function tell(folder: string, told: Told): Promise<void> {
  await writeFile(toldIn(folder), JSON.stringify(told));
}

/**
 * Flat, with the program at the top: so GoReleaser makes it from Burrow's own .goreleaser.yml.
 * @param node where the machines that run it have Node
 */
export async function burrowRelease(folder: string, node = process.execPath): Promise<Release> {
  const given = process.env["KCTL_TEST_BURROW_ARCHIVE"];
  const real = given !== undefined && given !== "";
  const archive = real ? resolve(given) : join(folder, "Burrow_1.9.5_linux_amd64.tar.gz");
  if (!real) {
    await tell(folder, {});
    await pack(join(folder, "release"), archive, { node, told: toldIn(folder) });
  }
  return {
    archive,
    sha512: createHash("sha512")
      .update(await readFile(archive))
      .digest("hex"),
  };
}

async function pack(folder: string, archive: string, at: { node: string; told: string }): Promise<void> {
  await mkdir(join(folder, "config"), { recursive: true });
  const others = ["LICENSE", "NOTICE", "README.md", "CHANGELOG.md", "config/burrow.toml", "config/default-email.tmpl"];
  for (const name of others) await writeFile(join(folder, name), "stands in\n");
  await writeFile(join(folder, "burrow"), `#!${at.node}\nconst told = ${JSON.stringify(at.told)};${program}`, {
    mode: 0o755,
  });
  await create({ file: archive, cwd: folder, gzip: true }, [...others.slice(0, 4), "config", "burrow"]);
}

/** Starts only where no process has the pid of its pid file, serves at once, is ready when a server of each consumer has let it in, and ends where none does. */
const program = String.raw`
const { appendFileSync, existsSync, readFileSync, rmSync, writeFileSync } = require("node:fs");
const { createServer } = require("node:http");
const { connect } = require("node:net");
const known = {
  general: "pidfile", logging: "filename level maxsize maxbackups maxage use-compression", httpserver: "address",
  zookeeper: "servers timeout root-path", storage: "class-name workers intervals expire-group min-distance",
  evaluator: "class-name expire-cache", "client-profile": "client-id kafka-version",
  cluster: "class-name servers client-profile offset-refresh topic-refresh groups-reaper-refresh",
  consumer: "class-name cluster servers client-profile zookeeper-timeout",
};
const [option] = process.argv.slice(2);
const folder = /^--config-dir=(.+)$/.exec(option)[1];
const tables = {};
let table;
for (const line of readFileSync(folder + "/burrow.toml", "utf8").split("\n")) {
  if (line === "" || line.startsWith("#")) continue;
  const head = /^\[([a-z0-9.-]+)\]$/.exec(line);
  if (head !== null) { table = head[1]; tables[table] = {}; continue; }
  const [, key, value] = /^([a-z-]+)=(.+)$/.exec(line);
  if (!known[table.split(".")[0]].split(" ").includes(key)) throw new Error("unknown: " + table + " " + key);
  tables[table][key] = JSON.parse(value);
}
const say = (msg, level = "info") =>
  appendFileSync(tables.logging.filename, JSON.stringify({ level, ts: Date.now() / 1000, msg }) + "\n");
const of = (kind) => Object.keys(tables).filter((name) => name.startsWith(kind + ".")).map((name) => name.slice(kind.length + 1));
const { pidfile } = tables.general;
if (existsSync(pidfile)) {
  // Burrow's own trap: any process that has the pid by now keeps it from starting.
  try { process.kill(Number(readFileSync(pidfile, "utf8")), 0); console.log("Existing process running"); process.exit(1); } catch {}
}
writeFileSync(pidfile, String(process.pid));
say("Started Burrow");
// As Burrow's wiki has them: "http request list consumers" and "http request consumer group status".
const worst = ["OK", "WARN", "ERR", "STOP", "STALL", "REWIND"];
const consumersAt = ([cluster, , group, what], request) => {
  if (!of("cluster").includes(cluster)) return [404, { error: true, message: "cluster not found", request }];
  // Another machine has no such list: there it knows no group yet.
  const groups = existsSync(told) ? (JSON.parse(readFileSync(told, "utf8"))[cluster] ?? {}) : {};
  if (group === undefined) return [200, { error: false, message: "consumer list returned", consumers: Object.keys(groups), request }];
  if (what !== "lag" && what !== "status") return [404, { error: true, message: "invalid request type", result: {} }];
  const answer = (status) => ({ error: false, message: "consumer status returned", status: { cluster, group, ...status }, request });
  const its = groups[group];
  if (its === undefined)
    return [404, answer({ status: "NOTFOUND", complete: 1, partitions: [], partition_count: 0, maxlag: null, totallag: 0 })];
  const commit = { offset: 3, timestamp: Date.now(), observedAt: Date.now(), lag: 7 };
  const partitions = its.partitions.map((one) => ({ ...one, owner: "", client_id: "", start: commit, end: commit, current_lag: 7, complete: its.complete }));
  const status = partitions.map((one) => one.status).sort((a, b) => worst.indexOf(b) - worst.indexOf(a))[0] ?? "OK";
  const shown = what === "lag" ? partitions : partitions.filter((one) => one.status !== "OK");
  return [200, answer({ status: worst.indexOf(status) > 2 ? "ERR" : status, complete: its.complete, partitions: shown,
    partition_count: partitions.length, maxlag: partitions[0] ?? null, totallag: 7 * partitions.length })];
};
let ready = false;
const address = tables["httpserver.default"].address;
const at = address.lastIndexOf(":");
createServer((request, response) => {
  const json = (status, body) => response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
  if (request.url === "/burrow/admin") response.end("GOOD");
  else if (request.url === "/burrow/admin/ready") response.writeHead(ready ? 200 : 503).end(ready ? "READY" : "STARTING");
  else if (/^\/v3\/kafka\/[^/]+\/consumer/.test(request.url)) json(...consumersAt(decodeURIComponent(request.url).split("/").slice(3), { url: request.url, host: "stand-in" }));
  else if (request.url === "/v3/kafka") json(200, { error: false, message: "cluster list returned", clusters: of("cluster") });
  else json(404, { error: true, message: "invalid request type", result: {} });
}).listen(Number(address.slice(at + 1)), address.slice(0, at));
const entered = (server) => new Promise((resolve, reject) => {
  const colon = server.lastIndexOf(":");
  const socket = connect(Number(server.slice(colon + 1)), server.slice(0, colon));
  socket.once("connect", () => { socket.destroy(); resolve(); }).once("error", reject);
});
Promise.all(of("consumer").map((name) => Promise.any(tables["consumer." + name].servers.map(entered)))).then(
  () => { ready = true; say("ready"); },
  () => { say("failed to start client", "error"); process.exit(1); },
);
process.once("SIGTERM", () => { say("Shutdown triggered"); rmSync(pidfile); process.exit(0); });
`;
