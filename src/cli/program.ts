/** The tree of commands: each is a file in commands/ and a line here. Parsing, help, reference and completion all come from it. */
import { Command } from "@commander-js/extra-typings";
import packageFile from "../../package.json" with { type: "json" };
import { checkCommand } from "./commands/check.ts";
import { clientConfigCommand } from "./commands/client-config.ts";
import { completeCommand } from "./commands/complete.ts";
import { completionCommand } from "./commands/completion.ts";
import { connectorsCommand } from "./commands/connectors.ts";
import { consumeCommand } from "./commands/consume.ts";
import { destroyCommand } from "./commands/destroy.ts";
import { diagramCommand } from "./commands/diagram.ts";
import { doctorCommand } from "./commands/doctor.ts";
import { execCommand } from "./commands/exec.ts";
import { extendCommand } from "./commands/extend.ts";
import { fetchCommand } from "./commands/fetch.ts";
import { historyCommand } from "./commands/history.ts";
import { hostsCommand } from "./commands/hosts.ts";
import { iamPolicyCommand } from "./commands/iam-policy.ts";
import { initCommand } from "./commands/init.ts";
import { lagCommand } from "./commands/lag.ts";
import { listCommand } from "./commands/list.ts";
import { logsCommand } from "./commands/logs.ts";
import { offsetsCommand } from "./commands/offsets.ts";
import { metricsCommand } from "./commands/metrics.ts";
import { planCommand } from "./commands/plan.ts";
import { produceCommand } from "./commands/produce.ts";
import { renderCommand } from "./commands/render.ts";
import { restartCommand } from "./commands/restart.ts";
import { schemaCommand } from "./commands/schema.ts";
import { smokeTestCommand } from "./commands/smoke-test.ts";
import { sshCommand } from "./commands/ssh.ts";
import { startCommand } from "./commands/start.ts";
import { statusCommand } from "./commands/status.ts";
import { stopCommand } from "./commands/stop.ts";
import { topicsCommand } from "./commands/topics.ts";
import { upCommand } from "./commands/up.ts";
import { validateCommand } from "./commands/validate.ts";
import { writeText } from "./write.ts";

const commands = [
  initCommand,
  checkCommand,
  upCommand,
  planCommand,
  statusCommand,
  smokeTestCommand,
  lagCommand,
  offsetsCommand,
  topicsCommand,
  connectorsCommand,
  restartCommand,
  stopCommand,
  startCommand,
  destroyCommand,
  extendCommand,
  listCommand,
  produceCommand,
  consumeCommand,
  sshCommand,
  execCommand,
  logsCommand,
  historyCommand,
  doctorCommand,
  clientConfigCommand,
  hostsCommand,
  diagramCommand,
  metricsCommand,
  validateCommand,
  renderCommand,
  fetchCommand,
  schemaCommand,
  iamPolicyCommand,
  completionCommand,
];

export function program(): Command {
  const kctl = new Command("kctl")
    .description("One YAML file in, a running and verified Apache Kafka cluster out.")
    .version(packageFile.version);
  for (const make of commands) kctl.addCommand(make());
  kctl.addCommand(completeCommand(kctl), { hidden: true });
  for (const command of [kctl, ...kctl.commands]) {
    command
      .exitOverride()
      .configureOutput({ writeOut: (text) => writeText(process.stdout)(text), writeErr: () => undefined });
  }
  return kctl;
}
