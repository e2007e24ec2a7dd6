#!/bin/sh
# One host of the lab, from power on to power off: mounts its disk and root in a mount namespace of its own (so that they end with
# it), and boots it with systemd-nspawn, again whenever it reboots itself. Started by `unshare --mount`.
# Usage: host.sh FOLDER NAME LAYERS "CGROUP..." [BRIDGE], where FOLDER holds disk.img, and devices/ where it has other disks (ec2/).
set -eu
folder=$1 name=$2 layers=$3 bridge=${5:-lab}

# First of all: whoever ends the lab ends what is in these.
for group in $4; do echo $$ >"$group/cgroup.procs"; done

mount -o loop,noatime "$folder/disk.img" "$folder/disk"
mkdir -p "$folder/disk/upper" "$folder/disk/work"
mount -t overlay overlay -o "lowerdir=$layers,upperdir=$folder/disk/upper,workdir=$folder/disk/work" "$folder/root"

devices=
[ ! -d "$folder/devices" ] || devices=--bind-ro=$folder/devices:/run/lab-devices

while :; do
  status=0
  systemd-nspawn --quiet --boot --directory="$folder/root" --machine="$name" --network-bridge="$bridge" --register=no --keep-unit \
    --capability=all --resolv-conf=off --timezone=off --link-journal=no --console=read-only ${devices:+"$devices"} </dev/null || status=$?
  # 133: it rebooted, and whoever runs nspawn is to start it again.
  [ "$status" = 133 ] || exit "$status"
done
