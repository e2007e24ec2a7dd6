#!/bin/sh
# Builds the base image of the lab's hosts into FOLDER: root/ (Debian with systemd and sshd), java/ (what installing Java adds to
# it, a layer for overlayfs) and apt/ (the packages of that Java, as a repository). Usage: base.sh FOLDER, as root, under a lock.
set -eu

folder=$1
here=$(dirname "$0")
java=openjdk-17-jre-headless
partial=$folder.partial
trap 'status=$?; [ $status = 0 ] || echo "the base image could not be built: see above" >&2' EXIT
umask 022

# What an earlier build left that was killed. Its mounts went with its mount namespace.
rm -rf --one-file-system "$partial"
mkdir -p "$partial/apt" "$partial/java" "$partial/work" "$partial/merged"

mmdebstrap --quiet --variant=minbase --include=ca-certificates,curl,dbus,iproute2,nftables,openssh-server,procps,sudo,systemd,systemd-sysv \
  bookworm "$partial/root"

# The packages, by the sources that the image was made from; what the image holds already is not among them.
cp -L /etc/resolv.conf "$partial/root/etc/resolv.conf"
chroot "$partial/root" sh -eu -c "
  apt-get -qq update
  apt-get -qq install --yes --no-install-recommends --download-only $java"
mv "$partial"/root/var/cache/apt/archives/*.deb "$partial/apt/"
chroot "$partial/root" apt-get -qq clean
rm -rf "$partial"/root/var/lib/apt/lists/*
(cd "$partial/apt" && dpkg-scanpackages --multiversion . /dev/null >Packages 2>/dev/null && gzip -9 --keep --no-name Packages)

# From now on it knows only the lab's own repository and resolver (which refuses at once), as a network without a way out.
rm -f "$partial"/root/etc/apt/sources.list.d/* "$partial"/root/etc/ssh/ssh_host_* "$partial/root/etc/machine-id" "$partial/root/etc/hostname"
echo 'deb [trusted=yes] http://10.77.0.1:8080/apt ./' >"$partial/root/etc/apt/sources.list"
echo 'nameserver 10.77.0.1' >"$partial/root/etc/resolv.conf"
chroot "$partial/root" systemctl --quiet enable systemd-networkd.service ssh.service
# Timers that would do something at a moment of their own choosing: a test must not meet them.
chroot "$partial/root" systemctl --quiet mask apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer fstrim.timer
cp -R "$here/image/." "$partial/root/"
chmod 755 "$partial/root/usr/local/sbin/lab-kernel-settings"
chroot "$partial/root" systemctl --quiet enable lab-kernel-settings.service
chroot "$partial/root" useradd --create-home --shell /bin/bash admin

# Java, installed as it would be on a host: its scripts run, and all that they change lies in the layer.
unshare --mount --propagation private sh -eu -c '
  mount -t overlay overlay -o "lowerdir=$1/root,upperdir=$1/java,workdir=$1/work" "$1/merged"
  mount -t proc proc "$1/merged/proc"
  mkdir "$1/merged/debs"
  mount --bind "$1/apt" "$1/merged/debs"
  DEBIAN_FRONTEND=noninteractive chroot "$1/merged" sh -c "dpkg --install /debs/*.deb" >"$1/java.log" 2>&1 || { cat "$1/java.log" >&2; exit 1; }
  umount "$1/merged/debs"
  rmdir "$1/merged/debs"' sh "$partial"
rm -rf --one-file-system "$partial/work" "$partial/merged"
mv "$partial" "$folder"
