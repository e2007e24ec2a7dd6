/** A process whose first thread is over (state Z), while another holds a port. Linux. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { onTestFinished } from "vitest";
import { until } from "./local/support.ts";

const script = `
import ctypes, os, socket, sys, threading
held = socket.create_server(("127.0.0.1", 0))
def hold():
    print(held.getsockname()[1], flush=True)
    sys.stdin.readline()
    os._exit(0)
threading.Thread(target=hold).start()
ctypes.CDLL(None).pthread_exit(None)
`;

export async function firstThreadOver() {
  const child = spawn("python3", ["-c", script], { stdio: ["pipe", "pipe", "inherit"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  const ended = once(child, "exit");
  const [line] = (await once(child.stdout.setEncoding("utf8"), "data")) as [string];
  const pid = child.pid ?? 0;
  await until(() => readFileSync(`/proc/${pid}/stat`, "utf8").includes(") Z "));
  const end = async (): Promise<void> => {
    child.stdin.end("\n");
    await ended;
  };
  return { pid, port: Number(line), end };
}
