"""Writes records to a topic in four ways: with a key, without one, with a callback, with a partitioner of one's own.

python produce.py TOPIC [keyed|keyless|callback|partitioner] [COUNT]
"""

import sys

from kafka import KafkaProducer
from kafka.partitioner import DefaultPartitioner, Partitioner

from kafka_settings import PRODUCER


class VipFirst(Partitioner):
    """Keys that begin with "vip-" have partition 0 for themselves; others share the rest by their hash."""

    def partition(self, topic, key, serialized_key, value, serialized_value, cluster):
        partitions = sorted(cluster.partitions_for_topic(topic))
        if len(partitions) == 1 or (key is not None and key.startswith("vip-")):
            return partitions[0]
        by_hash = DefaultPartitioner().partition(topic, key, serialized_key, value, serialized_value, cluster)
        return partitions[1 + by_hash % (len(partitions) - 1)]


def main():
    topic = sys.argv[1]
    how = sys.argv[2] if len(sys.argv) > 2 else "keyed"
    count = int(sys.argv[3]) if len(sys.argv) > 3 else 10
    settings = {**PRODUCER, "partitioner": VipFirst()} if how == "partitioner" else PRODUCER
    producer = KafkaProducer(**settings)
    failed = []
    try:
        for number in range(count):
            value = f"{how} {number}"
            if how == "keyed":
                # The same key always goes to the same partition, so its records stay in order.
                producer.send(topic, key=f"customer-{number % 3}", value=value)
            elif how == "keyless":
                producer.send(topic, value=value)
            elif how == "callback":
                sent = producer.send(topic, key=f"customer-{number % 3}", value=value)
                sent.add_callback(lambda record: print(f"partition {record.partition} offset {record.offset}", flush=True))
                sent.add_errback(failed.append)
            elif how == "partitioner":
                producer.send(topic, key="vip-1" if number % 2 == 0 else f"customer-{number}", value=value)
            else:
                sys.exit(__doc__)
        # send() only puts a record into a buffer: flush waits until all are confirmed.
        producer.flush()
    finally:
        producer.close()
    if failed:
        sys.exit(f"{len(failed)} records were not confirmed: {failed[0]}")


if __name__ == "__main__":
    main()
