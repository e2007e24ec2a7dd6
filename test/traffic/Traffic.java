/*
 * A producer of numbered records and a consumer that reads along, as an application uses them: acks=all, a consumer group, and
 * Kafka's defaults for all else, retries above all. Prints JSON lines until standard input ends; then it waits for what is still
 * unconfirmed, reads to the end, and says how many records it has sent.
 * java -cp 'libs/*' Traffic.java BOOTSTRAP TOPIC PARTITIONS RECORDS_PER_SECOND
 */
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;

public class Traffic {
  static final PrintStream out = System.out;
  static final long started = System.nanoTime();
  static final long patienceSeconds = 60;

  final String bootstrap;
  final String topic;
  final int perSecond;
  volatile boolean stopping = false;
  volatile boolean allSent = false;

  Traffic(String bootstrap, String topic, int perSecond) {
    this.bootstrap = bootstrap;
    this.topic = topic;
    this.perSecond = perSecond;
  }

  public static void main(String[] args) throws Exception {
    // What a logger prints is no JSON.
    System.setOut(System.err);
    Traffic traffic = new Traffic(args[0], args[1], Integer.parseInt(args[3]));
    traffic.createTopic(Integer.parseInt(args[2]));
    Thread consumer = new Thread(traffic::consume, "consumer");
    AtomicInteger sent = new AtomicInteger();
    Thread producer = new Thread(() -> sent.set(traffic.produce()), "producer");
    consumer.start();
    producer.start();
    while (System.in.read() != -1) {}
    traffic.stopping = true;
    producer.join();
    traffic.allSent = true;
    consumer.join();
    say("{\"type\":\"sent\",\"records\":" + sent.get() + "}");
    out.flush();
  }

  void createTopic(int partitions) throws Exception {
    try (Admin admin = Admin.create(Map.of("bootstrap.servers", bootstrap))) {
      NewTopic wanted = new NewTopic(topic, partitions, (short) 3).configs(Map.of("min.insync.replicas", "2"));
      admin.createTopics(List.of(wanted)).all().get();
    }
  }

  /** At a steady rate: where a call blocks, the records that are due are sent right after it. */
  int produce() {
    Map<String, Object> config = Map.of("bootstrap.servers", bootstrap, "acks", "all");
    int number = 0;
    try (KafkaProducer<String, String> producer = new KafkaProducer<>(config, new StringSerializer(), new StringSerializer())) {
      long begun = System.nanoTime();
      for (; !stopping; number++) {
        long due = begun + number * (1_000_000_000L / perSecond);
        for (long left = due - System.nanoTime(); left > 0; left = due - System.nanoTime()) LockSupport.parkNanos(left);
        int record = number;
        long sentAt = System.nanoTime();
        try {
          producer.send(new ProducerRecord<>(topic, "key-" + number % 1000, String.valueOf(number)), (metadata, error) -> {
            if (error != null) fail("producer", error);
            else
              say("{\"type\":\"confirmed\",\"record\":" + record + ",\"partition\":" + metadata.partition() + ",\"offset\":"
                  + metadata.offset() + ",\"at\":" + millisSince(started) + ",\"took\":" + millisSince(sentAt) + "}");
          });
        } catch (RuntimeException error) {
          fail("producer", error);
        }
      }
    } catch (RuntimeException error) {
      fail("producer", error);
    }
    return number;
  }

  void consume() {
    Map<String, Object> config =
        Map.of("bootstrap.servers", bootstrap, "group.id", topic, "auto.offset.reset", "earliest", "enable.auto.commit", "false");
    try (KafkaConsumer<String, String> consumer = new KafkaConsumer<>(config, new StringDeserializer(), new StringDeserializer())) {
      consumer.subscribe(List.of(topic), new ConsumerRebalanceListener() {
        @Override
        public void onPartitionsAssigned(Collection<TopicPartition> partitions) {}

        @Override
        public void onPartitionsRevoked(Collection<TopicPartition> partitions) {
          commit(consumer);
        }
      });
      long committed = System.nanoTime();
      for (long deadline = Long.MAX_VALUE; !(allSent && atTheEnd(consumer)); ) {
        if (allSent && deadline == Long.MAX_VALUE) deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(patienceSeconds);
        if (System.nanoTime() > deadline) throw new IllegalStateException("did not come to the end in " + patienceSeconds + " s");
        read(consumer);
        if (millisSince(committed) < 1000) continue;
        commit(consumer);
        committed = System.nanoTime();
      }
      commit(consumer);
    } catch (RuntimeException error) {
      fail("consumer", error);
    }
  }

  /** An application goes on after an error, and so does this. */
  void read(KafkaConsumer<String, String> consumer) {
    try {
      for (ConsumerRecord<String, String> record : consumer.poll(Duration.ofMillis(100)))
        say("{\"type\":\"read\",\"record\":" + record.value() + ",\"partition\":" + record.partition() + ",\"offset\":" + record.offset() + "}");
    } catch (RuntimeException error) {
      fail("consumer", error);
    }
  }

  void commit(KafkaConsumer<String, String> consumer) {
    try {
      consumer.commitSync();
    } catch (RuntimeException error) {
      fail("consumer", error);
    }
  }

  boolean atTheEnd(KafkaConsumer<String, String> consumer) {
    Set<TopicPartition> assigned = consumer.assignment();
    return !assigned.isEmpty()
        && consumer.endOffsets(assigned).entrySet().stream().allMatch(end -> consumer.position(end.getKey()) >= end.getValue());
  }

  static long millisSince(long nanos) {
    return (System.nanoTime() - nanos) / 1_000_000;
  }

  static void fail(String who, Throwable error) {
    StringBuilder text = new StringBuilder();
    for (char c : error.toString().toCharArray()) {
      if (c == '"' || c == '\\') text.append('\\').append(c);
      else text.append(c < ' ' ? ' ' : c);
    }
    error.printStackTrace();
    say("{\"type\":\"error\",\"of\":\"" + who + "\",\"at\":" + millisSince(started) + ",\"text\":\"" + text + "\"}");
  }

  static synchronized void say(String line) {
    byte[] bytes = (line + "\n").getBytes(StandardCharsets.UTF_8);
    out.write(bytes, 0, bytes.length);
    out.flush();
  }
}
