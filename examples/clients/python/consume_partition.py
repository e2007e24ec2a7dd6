"""Reads one partition from an offset to its end as it is now, without a group.

python consume_partition.py TOPIC PARTITION [OFFSET]
"""

import sys

from kafka import KafkaConsumer, TopicPartition

from kafka_settings import CONSUMER


def main():
    partition = TopicPartition(sys.argv[1], int(sys.argv[2]))
    # Nobody else shares its partitions, and nothing is committed.
    consumer = KafkaConsumer(**{**CONSUMER, "group_id": None})
    try:
        consumer.assign([partition])
        end = consumer.end_offsets([partition])[partition]
        consumer.seek(partition, int(sys.argv[3]) if len(sys.argv) > 3 else 0)
        while consumer.position(partition) < end:
            for records in consumer.poll(timeout_ms=500).values():
                for record in records:
                    print(f"partition {record.partition} offset {record.offset} key {record.key} value {record.value}", flush=True)
    finally:
        consumer.close()


if __name__ == "__main__":
    main()
