/** The look on a real host, by systemd's own answers: each state that a server's unit can be in, and what it is taken for. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { look } from "../../../src/hosts/ssh/look.ts";
import type { Shell } from "../../../src/hosts/ssh/shell.ts";
import type { ObservedHost } from "../../../src/plan/observed.ts";
import type { DesiredHost, DesiredProcess } from "../../../src/services/desired.ts";
import { lab, type Lab } from "../../lab/lab.ts";
import { isRoot } from "./support/apply-shell.ts";

const { signal } = new AbortController();
const mark = "@/etc/kctl/demo/broker/jvm.args";
const unit = "kctl-demo-broker.service";

const unitFile = `[Service]
ExecStart=/bin/sh -c 'while :; do sleep 0.1; done' -Dkctl.inputs=abc ${mark}
Restart=on-failure
RestartSec=1000
StartLimitBurst=2
[Install]
WantedBy=multi-user.target
`;

const broker: DesiredProcess = {
  key: "kafka-1/broker",
  node: "kafka-1",
  role: "broker",
  argv: ["/bin/sh"],
  programFrom: "java",
  env: {},
  folder: "/",
  mark,
  inputs: "abc",
  console: "",
  log: "",
  pidFile: "",
  ports: { ssh: 22 },
  probe: { kind: "kafka", address: "127.0.0.1", port: 1, brokerId: 1 },
  stopSeconds: 1,
};

const desired: DesiredHost = {
  node: "kafka-1",
  folders: [],
  files: [],
  processes: [broker],
  storedIds: [],
  storage: [],
  machine: {
    user: "kctl",
    software: [],
    java: { link: "/etc/kctl/demo/java", unpacked: "/opt/kctl/java-17", least: 11, best: 17, most: null, home: null },
    hosts: { cluster: "demo", entries: [{ address: "10.0.0.1", names: ["kafka-1"] }] },
    sysctl: {},
    units: [{ name: unit, path: `/etc/systemd/system/${unit}`, member: "kafka-1/broker" }],
    volume: null,
  },
};

describe.skipIf(!isRoot)("on a host with systemd", () => {
  let it: Lab;
  const run = async (command: string): Promise<string> => {
    const [host] = it.hosts;
    if (host === undefined) throw new Error("no host");
    return host.run(command);
  };
  const seen = async (): Promise<ObservedHost> => {
    const shell: Shell = {
      node: "kafka-1",
      run: async (script) => {
        const { status, stdout, stderr } = await it.run(["ssh", "kafka-1", "sh -s"], { input: script });
        return { code: status, stdout, stderr };
      },
    };
    return look(shell, desired, signal);
  };
  const unitSeen = async (): Promise<unknown> => {
    const { machine, processes } = await seen();
    return { ...machine?.units[unit], is: processes["kafka-1/broker"]?.state };
  };

  beforeAll(async () => {
    it = await lab({ hosts: 1, java: true, login: "root", jump: false });
  });
  afterAll(async () => it?.stop());

  test("a unit is told as systemd has it, from before it is written until it is gone", async () => {
    expect(await unitSeen()).toEqual({ active: "inactive", enabled: false, needsReload: false, is: "absent" });
    await run(
      `cat >/etc/systemd/system/${unit} <<'END'\n${unitFile}END\nsystemctl daemon-reload; systemctl enable --now ${unit}`,
    );
    expect(await unitSeen()).toEqual({ active: "active", enabled: true, needsReload: false, is: "running" });
    const pid = Number(await run(`systemctl show -p MainPID --value ${unit}`));
    const { processes, machine } = await seen();
    expect(processes["kafka-1/broker"]).toEqual({
      state: "running",
      pid,
      birth: expect.stringMatching(/^[0-9a-f-]{36} \d+$/) as string,
      inputs: "abc",
      program: "/bin/sh",
    });
    // Debian's own line for the host's name, which kctl's block comes before.
    expect(machine?.resolves).toEqual({ "kafka-1": "127.0.1.1" });
    expect(machine?.javas[0]?.major).toBe(17);
    await run(`echo '# by hand' >>/etc/systemd/system/${unit}`);
    expect(await unitSeen()).toMatchObject({ needsReload: true, is: "running" });
    await run("systemctl daemon-reload");
    // It waits for systemd to start it again.
    await run(
      `systemctl kill --signal=KILL ${unit}; until [ "$(systemctl show -p SubState --value ${unit})" = auto-restart ]; do sleep 0.05; done`,
    );
    expect(await unitSeen()).toMatchObject({ active: "activating", is: "dead" });
    const down = await seen();
    expect(down.ports).toEqual({
      22: { pid: expect.any(Number) as number, command: expect.stringMatching(/^(sshd|systemd)$/) as string },
    });
    await run(
      `sed -i '/^Restart=/d' /etc/systemd/system/${unit}; systemctl daemon-reload; systemctl restart ${unit}; systemctl kill --signal=KILL ${unit}; until systemctl is-failed -q ${unit}; do sleep 0.05; done`,
    );
    expect(await unitSeen()).toMatchObject({ active: "failed", is: "dead" });
    await run(`systemctl restart ${unit}; systemctl stop ${unit}; systemctl disable ${unit}`);
    expect(await unitSeen()).toEqual({ active: "inactive", enabled: false, needsReload: false, is: "absent" });
  });

  test("a server that somebody started past its unit is seen, and of two the unit's own is the server", async () => {
    await run(`setsid sh -c 'while :; do sleep 0.1; done' ${mark} </dev/null >/dev/null 2>&1 & echo $!`);
    expect(await unitSeen()).toMatchObject({ active: "inactive", is: "running" });
    await run(`systemctl start ${unit}`);
    const pid = Number(await run(`systemctl show -p MainPID --value ${unit}`));
    const process = (await seen()).processes["kafka-1/broker"];
    expect(process).toMatchObject({ state: "running", pid, inputs: "abc" });
    expect(process?.state === "running" && process.extras).toHaveLength(1);
  });
});
