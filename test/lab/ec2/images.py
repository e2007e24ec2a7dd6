"""The images that the lab's EC2 offers: names, owners, root devices and dates as on EC2. Whichever is taken, a host of the lab boots."""

import hashlib
from datetime import datetime

from moto.ec2.models.amis import Ami, AmiBackend

DEBIAN, CANONICAL, AMAZON = "136693071363", "099720109477", "137112412989"
AMD = {"x86_64": "amd64", "arm64": "arm64"}
SAME = {"x86_64": "x86_64", "arm64": "arm64"}

# Name, owner, how they spell architectures. Some are not what people want who ask for the others.
KINDS = (
    ("debian-12-{arch}-{date}-{serial}", DEBIAN, AMD),
    ("debian-12-backports-{arch}-{date}-{serial}", DEBIAN, AMD),
    ("debian-13-{arch}-{date}-{serial}", DEBIAN, AMD),
    ("ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-{arch}-server-{date}", CANONICAL, AMD),
    ("ubuntu/images/hvm-ssd/ubuntu-jammy-22.04-{arch}-server-{date}", CANONICAL, AMD),
    ("al2023-ami-2023.8.{date}.0-kernel-6.1-{arch}", AMAZON, SAME),
    ("al2023-ami-minimal-2023.8.{date}.0-kernel-6.1-{arch}", AMAZON, SAME),
)
DATES = (("20260714", "2173"), ("20260901", "2222"), ("20260914", "2236"))

DEVICES = {CANONICAL: "/dev/sda1"}
LOGINS = {DEBIAN: "admin", CANONICAL: "ubuntu", AMAZON: "ec2-user"}


def load(backend):
    for name, owner, spellings in KINDS:
        alias = "amazon" if owner == AMAZON else None
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
                    root_device_name=DEVICES.get(owner, "/dev/xvda"),
                )
                image.deprecation_time = image.creation_date.replace(year=image.creation_date.year + 2)
                backend.amis[image.id] = image


def block_device_mappings(image):
    root = {"SnapshotId": image.ebs_snapshot.id, "VolumeSize": 8, "DeleteOnTermination": True, "VolumeType": "gp3"}
    return [{"DeviceName": image.root_device_name, "Ebs": root}]


def install():
    AmiBackend._load_amis = load
    Ami.block_device_mappings = property(block_device_mappings)
