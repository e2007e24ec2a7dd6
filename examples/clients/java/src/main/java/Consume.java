import java.time.Duration;
import java.util.List;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.errors.WakeupException;

/** Reads a topic as a member of a group, commits what was processed, and leaves the group on SIGINT and SIGTERM: Consume TOPIC */
public final class Consume {
  public static void main(String[] arguments) throws Exception {
    Thread reader = Thread.currentThread();
    try (KafkaConsumer<String, String> consumer = new KafkaConsumer<>(KafkaSettings.consumer())) {
      // wakeup() is the one call that another thread may make.
      Runtime.getRuntime().addShutdownHook(new Thread(() -> {
        consumer.wakeup();
        try {
          reader.join();
        } catch (InterruptedException error) {
          Thread.currentThread().interrupt();
        }
      }));
      consumer.subscribe(List.of(arguments[0]));
      while (true) {
        for (ConsumerRecord<String, String> record : consumer.poll(Duration.ofMillis(500)))
          System.out.printf("partition %d offset %d key %s value %s%n", record.partition(), record.offset(), record.key(), record.value());
        // After they were processed: a crash before this line repeats records, and loses none.
        consumer.commitSync();
      }
    } catch (WakeupException stopped) {
      // By now it has left the group.
      System.out.println("left the group");
    }
  }
}
