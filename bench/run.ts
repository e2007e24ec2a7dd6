/**
 * `npm run bench`: figures that kctl promises, measured on the packed and installed program; exits with 1 over a limit. Those of this
 * machine, with `--ssh` those of machines over SSH, with `--aws` those of EC2, with `--lag` consumer groups' lag beside Kafka's own tool, with `--records` `produce` and `consume` beside kcat. `--write` writes them to docs/benchmarks.md, docs/benchmarks-ssh.md or docs/benchmarks-aws.md.
 */
if (process.argv.includes("--ssh")) await import("./ssh.ts");
else if (process.argv.includes("--lag")) await import("./lag/run.ts");
else if (process.argv.includes("--aws")) await import("./aws.ts");
else if (process.argv.includes("--records")) await import("./records.ts");
else await import("./local.ts");
