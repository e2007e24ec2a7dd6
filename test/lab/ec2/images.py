"""The images that the lab's EC2 offers: names, owners, root devices and dates as on EC2. Whichever is taken, a host of the lab boots."""

import hashlib
from datetime import datetime

from moto.ec2.models.amis import Ami, AmiBackend

# Name, owner, alias of the owner, root device, who logs in. {arch} is spelled as each of them does.
KINDS = (
    ("debian-12-{arch}-{date}-{serial}", "136693071363", None, "/dev/xvda", "admin", {"x86_64": "amd64", "arm64": "arm64"}),
    (
        "ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-{arch}-server-{date}",
        "099720109477",
        None,
        "/dev/sda1",
        "ubuntu",
        {"x86_64": "amd64", "arm64": "arm64"},
    ),
    (
        "al2023-ami-2023.8.{date}.0-kernel-6.1-{arch}",
        "137112412989",
        "amazon",
        "/dev/xvda",
        "ec2-user",
        {"x86_64": "x86_64", "arm64": "arm64"},
    ),
)
DATES = (("20260714", "2173"), ("20260831", "2222"), ("20260914", "2236"))

LOGINS = {owner: login for _, owner, _, _, login, _ in KINDS}


def load(backend):
    for name, owner, alias, device, _, spellings in KINDS:
        for architecture, spelling in spellings.items():
            for date, serial in DATES:
                full = name.format(arch=spelling, date=date, serial=serial)
                # An image has another id in each region.
                digest = hashlib.sha256(f"{backend.region_name}/{full}".encode()).hexdigest()
                image = Ami(
                    backend,
                    f"ami-{digest[:17]}",
                    name=full,
                    description=full,
                    owner_id=owner,
                    owner_alias=alias,
                    public=True,
                    virtualization_type="hvm",
                    architecture=architecture,
                    creation_date=datetime.strptime(f"{date} 080000", "%Y%m%d %H%M%S"),
                    image_location=f"{alias or owner}/{full}",
                    hypervisor="xen",
                    root_device_type="ebs",
                    root_device_name=device,
                )
                backend.amis[image.id] = image


def block_device_mappings(image):
    root = {"SnapshotId": image.ebs_snapshot.id, "VolumeSize": 8, "DeleteOnTermination": True, "VolumeType": "gp3"}
    return [{"DeviceName": image.root_device_name, "Ebs": root}]


def install():
    AmiBackend._load_amis = load
    Ami.block_device_mappings = property(block_device_mappings)
