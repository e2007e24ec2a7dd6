/*
 * Says of each XML file whether it is valid against each schema, by Java's own validator, one JSON line a file:
 * java ValidateXml.java SCHEMA,SCHEMA FILE...
 */
import java.io.File;
import java.util.List;
import java.util.StringJoiner;
import javax.xml.XMLConstants;
import javax.xml.transform.stream.StreamSource;
import javax.xml.validation.Schema;
import javax.xml.validation.SchemaFactory;
import org.xml.sax.SAXException;

public class ValidateXml {
  public static void main(String[] args) throws Exception {
    SchemaFactory factory = SchemaFactory.newInstance(XMLConstants.W3C_XML_SCHEMA_NS_URI);
    for (String file : List.of(args).subList(1, args.length)) {
      StringJoiner verdicts = new StringJoiner(",", "[", "]");
      for (String path : args[0].split(",")) {
        Schema schema = factory.newSchema(new File(path));
        try {
          schema.newValidator().validate(new StreamSource(new File(file)));
          verdicts.add("null");
        } catch (SAXException refused) {
          verdicts.add('"' + refused.getMessage().replace("\\", "\\\\").replace("\"", "\\\"").replaceAll("\\s", " ") + '"');
        }
      }
      System.out.println(verdicts);
    }
  }
}
