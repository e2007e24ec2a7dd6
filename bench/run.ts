/**
 * `npm run bench`: figures that kctl promises, measured on the packed and installed program; exits with 1 over a limit. Those of this
 * machine, with `--ssh` those of machines over SSH, with `--aws` those of EC2, with `--clients` those of commands that speak with Kafka beside other clients. `--write` writes them
 * to docs/benchmarks.md, docs/benchmarks-ssh.md, docs/benchmarks-aws.md or docs/benchmarks-clients.md.
 */
if (process.argv.includes("--ssh")) await import("./ssh.ts");
else if (process.argv.includes("--aws")) await import("./aws.ts");
else if (process.argv.includes("--clients")) await import("./clients.ts");
else await import("./local.ts");
