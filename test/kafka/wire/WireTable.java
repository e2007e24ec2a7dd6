/*
 * Fills in the bytes that Kafka's own classes make of the messages in messages.json, which kctl's requests and answers are
 * tested against. Run once with Kafka's jars, from this folder: java -cp 'libs/*' WireTable.java messages.json
 */
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.StringJoiner;
import org.apache.kafka.common.protocol.Message;
import org.apache.kafka.common.protocol.MessageUtil;

public class WireTable {
  public static void main(String[] args) throws Exception {
    Path table = Path.of(args[0]);
    ObjectMapper mapper = new ObjectMapper();
    StringJoiner lines = new StringJoiner(",\n", "[\n", "\n]\n");
    for (JsonNode entry : mapper.readTree(table.toFile())) {
      ((ObjectNode) entry).put("bytes", bytes(entry.get("message").asText(), (short) entry.get("version").asInt(), entry.get("body")));
      lines.add("  " + mapper.writeValueAsString(entry));
    }
    Files.writeString(table, lines.toString());
  }

  static String bytes(String name, short version, JsonNode body) throws Exception {
    // What consumers tell one another is no request, and its class has no "Data" in its name.
    String data = name.startsWith("ConsumerProtocol") ? "" : "Data";
    Class<?> converter = Class.forName("org.apache.kafka.common.message." + name + data + "JsonConverter");
    Message message = (Message) converter.getMethod("read", JsonNode.class, short.class).invoke(null, body, version);
    ByteBuffer buffer = MessageUtil.toByteBufferAccessor(message, version).buffer();
    byte[] bytes = new byte[buffer.remaining()];
    buffer.get(bytes);
    return HexFormat.of().formatHex(bytes);
  }
}
