import java.time.Duration;
import java.util.List;
import java.util.Properties;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;

/** Reads one partition from an offset to its end as it is now, without a group: ConsumePartition TOPIC PARTITION [OFFSET] */
public final class ConsumePartition {
  public static void main(String[] arguments) {
    TopicPartition partition = new TopicPartition(arguments[0], Integer.parseInt(arguments[1]));
    Properties settings = KafkaSettings.consumer();
    // Nobody else shares its partitions, and nothing is committed.
    settings.remove(ConsumerConfig.GROUP_ID_CONFIG);
    try (KafkaConsumer<String, String> consumer = new KafkaConsumer<>(settings)) {
      consumer.assign(List.of(partition));
      long end = consumer.endOffsets(List.of(partition)).get(partition);
      consumer.seek(partition, arguments.length > 2 ? Long.parseLong(arguments[2]) : 0);
      while (consumer.position(partition) < end)
        for (ConsumerRecord<String, String> record : consumer.poll(Duration.ofMillis(500)))
          System.out.printf("partition %d offset %d key %s value %s%n", record.partition(), record.offset(), record.key(), record.value());
    }
  }
}
