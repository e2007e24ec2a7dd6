#!/bin/sh
# A ZooKeeper server by hand: zkServer.sh start-foreground|status|version [CONFIG]
set -eu
self=$(readlink -f "$0" 2>/dev/null) || self=$0
. "$(dirname "$self")/zkEnv.sh"

# A name without a slash is one of conf/.
config=${2:-zoo.cfg}
case $config in
  */*) ;;
  *) config=$conf/$config ;;
esac

setting() {
  sed -n "s/^[[:space:]]*$1[[:space:]]*=[[:space:]]*//p" "$config" | tail -n 1
}

case ${1-} in
  start-foreground)
    # These hold several flags each: that they are split is meant.
    # shellcheck disable=SC2086
    exec "$java" "-Xmx${ZK_SERVER_HEAP:-1000}m" ${SERVER_JVMFLAGS-} ${JVMFLAGS-} \
      -cp "$classpath" org.apache.zookeeper.server.quorum.QuorumPeerMain "$config"
    ;;
  status)
    port=$(setting clientPort)
    address=$(setting clientPortAddress)
    exec "$java" -Dzookeeper.root.level=WARN -cp "$classpath" \
      org.apache.zookeeper.client.FourLetterWordMain "${address:-localhost}" "${port:-2181}" srvr
    ;;
  version)
    exec "$java" -Dzookeeper.root.level=WARN -cp "$classpath" org.apache.zookeeper.version.VersionInfoMain
    ;;
  *)
    echo "usage: $0 start-foreground|status|version [CONFIG]" >&2
    exit 1
    ;;
esac
