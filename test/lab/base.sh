#!/bin/sh
# Builds the base image of the lab's hosts into FOLDER: root/ (Debian with systemd and sshd), java/ (what installing Java adds to
# it, a layer for overlayfs), cloud/ (the same for cloud-init, with the Python that it runs on) and apt/ (a repository: the packages
# of that Java, and of what else kctl installs on a host). Usage: base.sh FOLDER, as root, under a lock.
set -eu

folder=$1
here=$(dirname "$0")
java=openjdk-17-jre-headless
installable="xfsprogs"
partial=$folder.partial
trap 'status=$?; [ $status = 0 ] || echo "the base image could not be built: see above" >&2' EXIT
umask 022

# What an earlier build left that was killed. Its mounts went with its mount namespace.
rm -rf --one-file-system "$partial"
mkdir -p "$partial/apt" "$partial/java" "$partial/cloud" "$partial/cloud-packages" "$partial/more"

mmdebstrap --quiet --variant=minbase --include=ca-certificates,curl,dbus,iproute2,nftables,openssh-server,procps,sudo,systemd,systemd-sysv \
  bookworm "$partial/root"

# The packages, by the sources that the image was made from; what the image holds already is not among them.
cp -L /etc/resolv.conf "$partial/root/etc/resolv.conf"
chroot "$partial/root" sh -eu -c "
  apt-get -qq update
  apt-get -qq install --yes --no-install-recommends --download-only $java"
mv "$partial"/root/var/cache/apt/archives/*.deb "$partial/apt/"
chroot "$partial/root" apt-get -qq install --yes --no-install-recommends --download-only cloud-init
mv "$partial"/root/var/cache/apt/archives/*.deb "$partial/cloud-packages/"
chroot "$partial/root" apt-get -qq install --yes --no-install-recommends --download-only $installable
mv "$partial"/root/var/cache/apt/archives/*.deb "$partial/more/"
chroot "$partial/root" apt-get -qq clean
rm -rf "$partial"/root/var/lib/apt/lists/*

# From now on it knows only the lab's own repository and resolver (which refuses at once), as a network without a way out.
rm -f "$partial"/root/etc/apt/sources.list.d/* "$partial"/root/etc/ssh/ssh_host_* "$partial/root/etc/machine-id" "$partial/root/etc/hostname"
echo 'deb [trusted=yes] http://10.77.0.1:8080/apt ./' >"$partial/root/etc/apt/sources.list"
echo 'nameserver 10.77.0.1' >"$partial/root/etc/resolv.conf"
chroot "$partial/root" systemctl --quiet enable systemd-networkd.service ssh.service
# Timers that would do something at a moment of their own choosing: a test must not meet them.
chroot "$partial/root" systemctl --quiet mask apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer fstrim.timer
cp -R "$here/image/." "$partial/root/"
chmod 755 "$partial"/root/usr/local/sbin/lab-*
chroot "$partial/root" systemctl --quiet enable lab-kernel-settings.service lab-devices.service
chroot "$partial/root" useradd --create-home --shell /bin/bash admin

# Installed as they would be on a host: their scripts run, and all that they change lies in the layer.
# Usage: install LAYER PACKAGES
install() {
  mkdir "$partial/work" "$partial/merged"
  unshare --mount --propagation private sh -eu -c '
    merged=$1/merged
    mount -t overlay overlay -o "lowerdir=$1/root,upperdir=$1/$2,workdir=$1/work" "$merged"
    mount -t proc proc "$merged/proc"
    mkdir "$merged/debs"
    mount --bind "$1/$3" "$merged/debs"
    DEBIAN_FRONTEND=noninteractive chroot "$merged" sh -c "
      apt-get -qq install --yes --no-install-recommends /debs/*.deb
      apt-get -qq clean" >"$1/$2.log" 2>&1 || { cat "$1/$2.log" >&2; exit 1; }
    umount "$merged/debs"
    rmdir "$merged/debs"' sh "$partial" "$1" "$2"
  rm -rf --one-file-system "$partial/work" "$partial/merged"
}
install java apt
install cloud cloud-packages
# Only now: the layer of Java is to hold nothing else.
mv "$partial"/more/*.deb "$partial/apt/"
(cd "$partial/apt" && dpkg-scanpackages --multiversion . /dev/null >Packages 2>/dev/null && gzip -9 --keep --no-name Packages)
rm -rf "$partial/cloud-packages" "$partial/more"
mv "$partial" "$folder"
