"""Reads a topic as a member of a group: commits what was processed, and leaves the group on SIGINT and SIGTERM.

python consume.py TOPIC
"""

import signal
import sys

from kafka import KafkaConsumer

from kafka_settings import CONSUMER

running = True


def stop(*_):
    global running
    running = False


def main():
    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)
    consumer = KafkaConsumer(sys.argv[1], **CONSUMER)
    try:
        while running:
            for records in consumer.poll(timeout_ms=500).values():
                for record in records:
                    print(f"partition {record.partition} offset {record.offset} key {record.key} value {record.value}", flush=True)
            # After they were processed: a crash before this line repeats records, and loses none. It commits nothing twice.
            consumer.commit()
    finally:
        # Leaves the group at once; without it the others would wait until the session times out.
        consumer.close()
    print("left the group", flush=True)


if __name__ == "__main__":
    main()
