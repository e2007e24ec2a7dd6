/**
 * What kctl's `up` is measured against: a bare shell script that writes the same files, starts the same servers all at once with the flags of
 * Kafka's own scripts (bin/kafka-run-class.sh, kafka-server-start.sh, zookeeper-server-start.sh), and waits until every broker answers.
 */
export type ScriptFile = { readonly path: string; readonly content: string };

export type ScriptServer = {
  /** Its folder, below the script's own. */
  readonly folder: string;
  readonly heap: "-Xmx512M -Xms512M" | "-Xmx1G -Xms1G";
  readonly logging: string;
  readonly main: string;
  readonly config: string;
};

export type Script = {
  /** Where it writes everything. */
  readonly folder: string;
  readonly java: string;
  readonly libs: string;
  readonly files: readonly ScriptFile[];
  /** Commands before servers start. */
  readonly first?: readonly string[];
  readonly servers: readonly ScriptServer[];
  readonly brokerPorts: readonly number[];
};

const flags = [
  "-server -XX:+UseG1GC -XX:MaxGCPauseMillis=20 -XX:InitiatingHeapOccupancyPercent=35",
  "-XX:+ExplicitGCInvokesConcurrent -XX:MaxInlineLevel=15 -Djava.awt.headless=true",
  "-Dcom.sun.management.jmxremote=true -Dcom.sun.management.jmxremote.authenticate=false -Dcom.sun.management.jmxremote.ssl=false",
].join(" ");

/** A broker answers once it tells which requests it takes: ApiVersions, version 0, correlation id 1, no client id. */
const answers = `answers() {
  exec 3<>"/dev/tcp/127.0.0.1/$1" || return 1
  printf '\\0\\0\\0\\12\\0\\22\\0\\0\\0\\0\\0\\1\\377\\377' >&3
  [ "$(timeout 5 head -c 4 <&3 | wc -c)" = 4 ]
} 2>/dev/null`;

/** For bash. Its servers' pids are in the file `pids`. */
export function bareScript({ folder, java, libs, files, first = [], servers, brokerPorts }: Script): string {
  const folders = new Set([
    ...files.map(({ path }) => path.slice(0, path.lastIndexOf("/"))),
    ...servers.flatMap((one) => ["data", "log", "run"].map((name) => `${one.folder}/${name}`)),
  ]);
  const starts = servers.map(
    (one) =>
      `${quoted(java)} ${one.heap} $FLAGS "-Xlog:gc*:file=${one.folder}/log/gc.log:time,tags:filecount=10,filesize=100M" ` +
      `"${one.logging}" -cp "$LIBS" ${one.main} ${one.config} > ${one.folder}/log/console.log 2>&1 & echo $! >> pids`,
  );
  return [
    "#!/bin/bash",
    `mkdir -p ${quoted(folder)} && cd ${quoted(folder)} || exit 1`,
    `FLAGS=${quoted(flags)}`,
    `LIBS=${quoted(`${libs}/*`)}`,
    answers,
    `mkdir -p ${[...folders].map(quoted).join(" ")}`,
    ...files.map(({ path, content }) => `cat > ${quoted(path)} <<'END_OF_FILE'\n${content.trimEnd()}\nEND_OF_FILE`),
    ...first,
    ...starts,
    ...brokerPorts.map((port) => `until answers ${port}; do sleep 0.05; done`),
    "",
  ].join("\n");
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
