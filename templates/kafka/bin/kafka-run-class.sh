#!/bin/sh
# Runs a class with all jars of libs/: kafka-run-class.sh CLASS [ARGUMENT...]
# Heeds JAVA_HOME, CLASSPATH, KAFKA_HEAP_OPTS, KAFKA_OPTS, KAFKA_JVM_PERFORMANCE_OPTS, KAFKA_JMX_OPTS, KAFKA_LOG4J_OPTS.
set -eu

if [ $# -eq 0 ]; then
  echo "usage: $0 CLASS [ARGUMENT...]" >&2
  exit 1
fi

self=$(readlink -f "$0" 2>/dev/null) || self=$0
base=$(cd "$(dirname "$self")/.." && pwd)

if [ -n "${JAVA_HOME-}" ]; then
  java=$JAVA_HOME/bin/java
else
  java=java
fi
if ! command -v "$java" >/dev/null 2>&1; then
  echo "$0: no Java at $java: set JAVA_HOME, or put java on the PATH" >&2
  exit 127
fi

classpath="$base/libs/*"
if [ -n "${CLASSPATH-}" ]; then
  classpath="$CLASSPATH:$classpath"
fi

if [ -z "${KAFKA_LOG4J_OPTS-}" ]; then
  set -- "-Dlog4j.configuration=file:$base/config/${KAFKA_LOG4J_FILE:-tools-log4j.properties}" -cp "$classpath" "$@"
else
  set -- -cp "$classpath" "$@"
fi

# These hold several flags each: that they are split is meant.
# shellcheck disable=SC2086
exec "$java" ${KAFKA_HEAP_OPTS:--Xmx256M} ${KAFKA_JVM_PERFORMANCE_OPTS-} ${KAFKA_JMX_OPTS-} \
  ${KAFKA_LOG4J_OPTS-} ${KAFKA_OPTS-} "$@"
