/*
 * Prints the table of murmur2 values that kctl's own murmur2 is tested against, one JSON array of [key in hex, hash].
 * Run once with Kafka's jars: java -cp 'libs/*' Murmur2Table.java > table.json
 */
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import org.apache.kafka.common.utils.Utils;

public class Murmur2Table {
  public static void main(String[] args) {
    List<byte[]> keys = new ArrayList<>();
    for (String text : new String[] {"", "a", "ab", "abc", "abcd", "key", "kafka", "21", "foobar", "a-little-bit-long-string",
        "a-little-bit-longer-string", "lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", "größe", "ключ", "鍵", "🔑", "order-1", "order-2"}) {
      keys.add(text.getBytes(StandardCharsets.UTF_8));
    }
    // Bytes whose sign must not leak, alone and at each place of the tail.
    for (int length = 1; length <= 9; length++) {
      byte[] high = new byte[length];
      java.util.Arrays.fill(high, (byte) 0xff);
      keys.add(high);
      keys.add(new byte[length]);
      byte[] last = new byte[length];
      last[length - 1] = (byte) 0x80;
      keys.add(last);
    }
    Random random = new Random(4);
    for (int length = 1; length <= 64; length++) {
      byte[] bytes = new byte[length];
      random.nextBytes(bytes);
      keys.add(bytes);
    }
    StringBuilder out = new StringBuilder("[\n");
    for (int i = 0; i < keys.size(); i++) {
      out.append("  [\"").append(HexFormat.of().formatHex(keys.get(i))).append("\", ").append(Utils.murmur2(keys.get(i))).append("]");
      out.append(i + 1 < keys.size() ? ",\n" : "\n");
    }
    System.out.print(out.append("]\n"));
  }
}
