"""Kafka's clients for Python, one like the other. Records are lines of JSON: bytes as base64, null where there is nothing.

python clients.py LIBRARY produce BOOTSTRAP TOPIC CODEC...            what comes in, once for each codec, with a header that tells which
python clients.py LIBRARY transaction BOOTSTRAP TOPIC NAME commit|abort|open [GROUP OFFSET]
python clients.py LIBRARY read BOOTSTRAP TOPIC                        to the end as it is now, without a group
python clients.py LIBRARY member BOOTSTRAP TOPIC GROUP MOST PROTOCOL  until SIGTERM, or so many (0: all) are committed
"""

import base64
import json
import signal
import sys

import confluent_kafka
import kafka
from confluent_kafka import OFFSET_BEGINNING, TIMESTAMP_NOT_AVAILABLE
from kafka.structs import OffsetAndMetadata

beat_ms = 300
running = True


def stop(*_):
    global running
    running = False


def decoded(text):
    return None if text is None else base64.b64decode(text)


def encoded(some):
    return None if some is None else base64.b64encode(some).decode()


def show(partition, offset, key, value, headers):
    told = [[name, encoded(content)] for name, content in headers or []]
    line = {"partition": partition, "offset": offset, "key": encoded(key), "value": encoded(value), "headers": told}
    print(json.dumps(line), flush=True)


def records(lines, by):
    for line in lines:
        one = json.loads(line)
        headers = [(name, decoded(content)) for name, content in one["headers"]]
        yield decoded(one["key"]), decoded(one["value"]), [("by", by.encode()), *headers]


class Confluent:
    """librdkafka's."""

    def __init__(self, bootstrap, topic):
        self.bootstrap, self.topic = {"bootstrap.servers": bootstrap}, topic

    def producer(self, codec, transaction=None):
        settings = {**self.bootstrap, "compression.type": codec, "linger.ms": 50, "partitioner": "murmur2_random"}
        if transaction is not None:
            settings["transactional.id"] = transaction
        return confluent_kafka.Producer(settings)

    def write(self, producer, all):
        for key, value, headers in all:
            producer.produce(self.topic, key=key, value=value, headers=headers, on_delivery=must)
        if producer.flush(30) > 0:
            sys.exit("not all records were confirmed")

    def begin(self, producer):
        producer.init_transactions(30)
        producer.begin_transaction()

    def commit_in(self, producer, group, offset):
        consumer = confluent_kafka.Consumer({**self.bootstrap, "group.id": group})
        committed = confluent_kafka.TopicPartition(self.topic, 0, int(offset))
        producer.send_offsets_to_transaction([committed], consumer.consumer_group_metadata())
        consumer.close()

    def read(self):
        consumer = confluent_kafka.Consumer({**self.bootstrap, "group.id": "none", "enable.auto.commit": False})
        partitions = consumer.list_topics(self.topic, 10).topics[self.topic].partitions
        left = {}
        for partition in partitions:
            low, high = consumer.get_watermark_offsets(confluent_kafka.TopicPartition(self.topic, partition), 10)
            if high > low:
                left[partition] = high
        consumer.assign([confluent_kafka.TopicPartition(self.topic, one, OFFSET_BEGINNING) for one in left])
        while left:
            message = consumer.poll(10)
            must(message.error(), message)
            show_message(message)
            if message.offset() + 1 == left[message.partition()]:
                del left[message.partition()]
        consumer.close()

    def member(self, group, most, protocol):
        settings = {**self.bootstrap, "group.id": group, "group.protocol": protocol, "auto.offset.reset": "earliest"}
        settings.update({"client.id": "confluent", "enable.auto.commit": False})
        if protocol == "classic":
            settings["heartbeat.interval.ms"] = beat_ms
        consumer = confluent_kafka.Consumer(settings)
        consumer.subscribe([self.topic])
        seen = 0
        while running and (most == 0 or seen < most):
            message = consumer.poll(0.1)
            if message is None:
                continue
            must(message.error(), message)
            show_message(message)
            seen += 1
            consumer.commit(message=message, asynchronous=False)
        consumer.close()


def must(error, _):
    if error is not None:
        sys.exit(str(error))


def show_message(message):
    assert message.timestamp()[0] != TIMESTAMP_NOT_AVAILABLE
    show(message.partition(), message.offset(), message.key(), message.value(), message.headers())


class KafkaPython:
    """The one in Python alone."""

    def __init__(self, bootstrap, topic):
        self.bootstrap, self.topic = {"bootstrap_servers": bootstrap}, topic

    def producer(self, codec, transaction=None):
        compression = None if codec == "none" else codec
        settings = {**self.bootstrap, "compression_type": compression, "linger_ms": 50, "acks": "all"}
        return kafka.KafkaProducer(**settings, transactional_id=transaction)

    def write(self, producer, all):
        sent = [producer.send(self.topic, key=key, value=value, headers=headers) for key, value, headers in all]
        producer.flush(30)
        for one in sent:
            one.get(10)

    def begin(self, producer):
        producer.init_transactions()
        producer.begin_transaction()

    def read(self):
        consumer = kafka.KafkaConsumer(**self.bootstrap, auto_offset_reset="earliest", enable_auto_commit=False)
        partitions = [kafka.TopicPartition(self.topic, one) for one in consumer.partitions_for_topic(self.topic)]
        consumer.assign(partitions)
        ends = consumer.end_offsets(partitions)
        while any(consumer.position(one) < ends[one] for one in partitions):
            show_all(consumer.poll(timeout_ms=1000))
        consumer.close()

    def member(self, group, most, _protocol):
        settings = {**self.bootstrap, "group_id": group, "auto_offset_reset": "earliest", "client_id": "kafka-python"}
        settings.update({"enable_auto_commit": False, "heartbeat_interval_ms": beat_ms})
        consumer = kafka.KafkaConsumer(self.topic, **settings)
        seen = 0
        while running and (most == 0 or seen < most):
            for partition, some in consumer.poll(timeout_ms=100, max_records=max(most - seen, 0) or 500).items():
                seen += len(some)
                show_all({partition: some})
                consumer.commit({partition: OffsetAndMetadata(some[-1].offset + 1, "", -1)})
        consumer.close(autocommit=False)


def show_all(polled):
    for some in polled.values():
        for one in some:
            show(one.partition, one.offset, one.key, one.value, one.headers)


def main():
    signal.signal(signal.SIGTERM, stop)
    library, verb, bootstrap, topic, *more = sys.argv[1:]
    client = {"confluent": Confluent, "kafka-python": KafkaPython}[library](bootstrap, topic)
    if verb == "produce":
        lines = list(sys.stdin)
        for codec in more:
            client.write(client.producer(codec), records(lines, f"{library}/{codec}"))
    elif verb == "transaction":
        name, end, *committed = more
        producer = client.producer("lz4", name)
        client.begin(producer)
        client.write(producer, records(sys.stdin, library))
        if committed:
            client.commit_in(producer, *committed)
        if end == "commit":
            producer.commit_transaction()
        elif end == "abort":
            producer.abort_transaction()
    elif verb == "read":
        client.read()
    elif verb == "member":
        group, most, protocol = more
        client.member(group, int(most), protocol)


if __name__ == "__main__":
    main()
