import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Partitioner;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.Cluster;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.utils.Utils;

/** Writes records to a topic in four ways: Produce TOPIC [keyed|keyless|callback|partitioner] [COUNT] */
public final class Produce {
  /** Keys that begin with "vip-" have partition 0 for themselves; others share the rest by their hash. */
  public static final class VipFirst implements Partitioner {
    @Override
    public int partition(String topic, Object key, byte[] keyBytes, Object value, byte[] valueBytes, Cluster cluster) {
      List<PartitionInfo> partitions = cluster.partitionsForTopic(topic);
      if (partitions.size() == 1 || (key != null && key.toString().startsWith("vip-"))) return 0;
      int hash = keyBytes == null ? 0 : Utils.toPositive(Utils.murmur2(keyBytes));
      return 1 + hash % (partitions.size() - 1);
    }

    @Override
    public void configure(Map<String, ?> settings) {}

    @Override
    public void close() {}
  }

  public static void main(String[] arguments) throws Exception {
    String topic = arguments[0];
    String how = arguments.length > 1 ? arguments[1] : "keyed";
    int count = arguments.length > 2 ? Integer.parseInt(arguments[2]) : 10;
    Properties settings = KafkaSettings.producer();
    if (how.equals("partitioner")) settings.put(ProducerConfig.PARTITIONER_CLASS_CONFIG, VipFirst.class);
    AtomicReference<Exception> failed = new AtomicReference<>();
    try (KafkaProducer<String, String> producer = new KafkaProducer<>(settings)) {
      for (int number = 0; number < count; number++) {
        String value = how + " " + number;
        switch (how) {
          case "keyed":
            // The same key always goes to the same partition, so its records stay in order.
            producer.send(new ProducerRecord<>(topic, "customer-" + number % 3, value));
            break;
          case "keyless":
            producer.send(new ProducerRecord<>(topic, value));
            break;
          case "callback":
            producer.send(new ProducerRecord<>(topic, "customer-" + number % 3, value), (record, error) -> {
              if (error != null) failed.compareAndSet(null, error);
              else System.out.println("partition " + record.partition() + " offset " + record.offset());
            });
            break;
          case "partitioner":
            producer.send(new ProducerRecord<>(topic, number % 2 == 0 ? "vip-1" : "customer-" + number, value));
            break;
          default:
            throw new IllegalArgumentException(how);
        }
      }
      // send() only puts a record into a buffer: flush waits until all are confirmed.
      producer.flush();
    }
    if (failed.get() != null) throw failed.get();
  }
}
