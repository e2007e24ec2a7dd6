/** Picks from a server's logs the lines that say why it does not run, or not well. Pure. */

const linesAtMost = 12;
const recordsAtMost = 3;
const widthAtMost = 400;

/** The JVM itself gave up: then the server never came to write its own log, and what is in there is of a former run. */
const jvmFailed =
  /^(Error: |Error occurred during init|Unrecognized |Improperly specified |Invalid (maximum|initial) heap|Conflicting |Multiple garbage|sh: |# (There is insufficient memory|A fatal error has been detected))|exec: .*(not found|denied|cannot execute)/;

/** The JVM or a thread of it ended for want of memory, or by an exception that nobody caught. */
const jvmTroubled = /OutOfMemoryError|^Exception in thread |^Terminating due to|StackOverflowError/;

/** Said by libraries at every start. */
const consoleNoise =
  /^(log4j:WARN|SLF4J|reload4j|OpenJDK .* warning: (Sharing|Options)|#?\s*$)|^\s+at |^\s*\.\.\. \d+ /;

/** The first thing that a server logs in a run; the log before it is of former runs. */
const runBegins = [
  " Registered kafka:type=kafka.Log4jController MBean",
  " Reading configuration from: ",
  '"msg":"Started Burrow"',
];

const recordStart = /^\[\d{4}-\d\d-\d\d[T ][^\]]*\] (TRACE|DEBUG|INFO|WARN|ERROR|FATAL) (.*)$/;

/** A line of Burrow's log: `{"level":"error","ts":1700000000.5,"msg":...}`. */
const jsonRecord = /^\{"level":"(debug|info|warn|error|panic|fatal)","ts":[0-9.e+]+,(.*)\}$/;

/** Follows from an error that was logged before it, and says nothing of its own. */
const aftermath = [
  /^Exiting JVM with code/,
  /^Exiting Kafka due to fatal exception during startup/,
  /^Cannot invoke .* because the return value of .* is null/,
];

type LogRecord = { readonly level: string; readonly message: string; readonly lines: string[] };

/**
 * @param consoleText what the process printed in this run
 * @param logText the end of its own log, former runs perhaps included
 * @returns a dozen lines at most; empty where both are
 */
export function meaningfulLines(consoleText: string, logText: string): string {
  const said = consoleText.split("\n").filter((line) => !consoleNoise.test(line));
  if (said.some((line) => jvmFailed.test(line))) return shown(said);
  const records = recordsOf(thisRun(logText));
  const troubles = said.filter((line) => jvmTroubled.test(line));
  const errors = records.filter(({ level }) => ["ERROR", "FATAL", "PANIC"].includes(level));
  // A server that waits for its peers only warns, and says of what.
  const warnings = records.filter((record) => record.level === "WARN" && condensed(record).length > 1);
  const lines = [...troubles.slice(-2), ...lastDistinct(errors.length > 0 ? errors : warnings)];
  if (lines.length > 0) return shown(lines);
  return shown(said.length > 0 ? said.slice(-5) : records.flatMap(condensed).slice(-5));
}

function shown(lines: readonly string[]): string {
  return lines
    .slice(-linesAtMost)
    .map((line) => (line.length > widthAtMost ? `${line.slice(0, widthAtMost)}...` : line))
    .join("\n");
}

function thisRun(log: string): string {
  const begin = Math.max(...runBegins.map((words) => log.lastIndexOf(words)));
  return begin === -1 ? log : log.slice(log.lastIndexOf("\n", begin) + 1);
}

function recordsOf(log: string): readonly LogRecord[] {
  const records: LogRecord[] = [];
  for (const line of log.split("\n")) {
    const [, level, message] = recordStart.exec(line) ?? jsonRecord.exec(line) ?? [];
    if (level !== undefined && message !== undefined)
      records.push({ level: level.toUpperCase(), message, lines: [line] });
    else records.at(-1)?.lines.push(line);
  }
  return records;
}

/** The last few that say different things; of those with one exception, the first. */
function lastDistinct(records: readonly LogRecord[]): readonly string[] {
  const causes = records.filter(({ message }) => !aftermath.some((pattern) => pattern.test(message)));
  const distinct = new Map<string, LogRecord>();
  for (const record of causes.length > 0 ? causes : records) {
    const [, ...exception] = condensed(record);
    const says = exception.length > 0 ? exception.join("\n") : record.message;
    if (!distinct.has(says)) distinct.set(says, record);
  }
  return [...distinct.values()].slice(-recordsAtMost).flatMap(condensed);
}

/** Without its stack: the record itself, its exception, and the last two causes. */
function condensed({ lines: [first = "", ...rest] }: LogRecord): readonly string[] {
  const told = rest.filter((line) => line.trim() !== "" && !/^\s/.test(line));
  const causes = told.filter((line) => line.startsWith("Caused by: "));
  return [first, ...told.filter((line) => !line.startsWith("Caused by: ")).slice(0, 3), ...causes.slice(-2)];
}
