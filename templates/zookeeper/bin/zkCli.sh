#!/bin/sh
# ZooKeeper's shell: zkCli.sh [-server HOST:PORT] [COMMAND]
set -eu
self=$(readlink -f "$0" 2>/dev/null) || self=$0
. "$(dirname "$self")/zkEnv.sh"

# These hold several flags each: that they are split is meant.
# shellcheck disable=SC2086
exec "$java" -Dzookeeper.root.level=WARN "-Xmx${ZK_CLIENT_HEAP:-256}m" ${CLIENT_JVMFLAGS-} ${JVMFLAGS-} \
  -cp "$classpath" org.apache.zookeeper.ZooKeeperMain "$@"
