/** A process that has a lab, says so, and lives until it is killed: lab.test.ts and ec2.test.ts see what becomes of the lab. */
import { lab } from "./lab.ts";

const launch = `
import boto3, json, time
ec2 = boto3.client("ec2")
image = ec2.describe_images(Filters=[{"Name": "name", "Values": ["debian-12-arm64-*"]}])["Images"][0]["ImageId"]
disk = {"DeviceName": "/dev/sdf", "Ebs": {"VolumeSize": 10}}
ec2.run_instances(ImageId=image, InstanceType="m7g.large", MinCount=1, MaxCount=1, BlockDeviceMappings=[disk])
while ec2.describe_instances()["Reservations"][0]["Instances"][0]["State"]["Name"] == "pending": time.sleep(0.05)
print("null")`;

const withEc2 = process.argv[2] === "ec2";
const it = await lab(withEc2 ? { hosts: 0, ec2: true } : { hosts: 1 });
if (withEc2) await it.boto(launch);
console.log(it.id);
setInterval(() => undefined, 60_000);
