# Read by the other scripts of this folder, which set `self`: finds Java and the jars.
# Heeds JAVA_HOME, CLASSPATH, ZOOCFGDIR, JVMFLAGS, CLIENT_JVMFLAGS, SERVER_JVMFLAGS, ZK_CLIENT_HEAP, ZK_SERVER_HEAP.
base=$(cd "$(dirname "$self")/.." && pwd)
conf=${ZOOCFGDIR:-$base/conf}

if [ -n "${JAVA_HOME-}" ]; then
  java=$JAVA_HOME/bin/java
else
  java=java
fi
if ! command -v "$java" >/dev/null 2>&1; then
  echo "$0: no Java at $java: set JAVA_HOME, or put java on the PATH" >&2
  exit 127
fi

classpath="$conf:$base/lib/*"
if [ -n "${CLASSPATH-}" ]; then
  classpath="$CLASSPATH:$classpath"
fi
