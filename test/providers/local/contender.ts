/**
 * One of many that want the same lock. It notes in a journal when it is inside; on its way in it looks whether the one
 * that came before it and never left is still alive. Arguments: LOCK JOURNAL ROUNDS, and how often of 10 it is killed.
 */
import { appendFileSync, readFileSync } from "node:fs";
import { KctlError } from "../../../src/fault.ts";
import { processesOf } from "../../../src/hosts/local/machine.ts";
import { acquireLock } from "../../../src/providers/local/lock.ts";

const [lock = "", journal = "", rounds = "1", deadly = "0"] = process.argv.slice(2);
const processes = processesOf(process.platform);
const birth = await processes.birthOf(process.pid);

for (let round = 0; round < Number(rounds);) {
  try {
    const held = await acquireLock(lock, { command: "contender" });
    const before = readFileSync(journal, "utf8").trim().split("\n").at(-1) ?? "";
    const [word, pid, ...born] = before.split(" ");
    if (word === "in" && (await processes.birthOf(Number(pid))) === born.join(" "))
      appendFileSync(journal, `TWO ${process.pid} beside ${pid}\n`);
    appendFileSync(journal, `in ${process.pid} ${birth}\n`);
    if (Math.random() * 10 < Number(deadly)) process.kill(process.pid, "SIGKILL");
    await new Promise((resolve) => setImmediate(resolve));
    if (!(await held.stillHeld())) appendFileSync(journal, `LOST ${process.pid}\n`);
    appendFileSync(journal, `out ${process.pid}\n`);
    await held.release();
    round += 1;
  } catch (error) {
    if (!(error instanceof KctlError) || error.faults[0]?.code !== "locked") throw error;
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 20));
  }
}
