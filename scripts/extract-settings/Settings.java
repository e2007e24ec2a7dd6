import java.lang.reflect.Field;
import java.lang.reflect.InvocationTargetException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import org.apache.kafka.common.config.ConfigDef;
import org.apache.kafka.common.config.ConfigDef.ConfigKey;

/**
 * Prints every setting that the Kafka on the class path knows, a line each: `broker` or `topic`, name, type, default, values that it
 * takes, and a last column: for brokers how it can be changed, for topics the brokers' settings that give its default.
 * Kafka's classes move between versions, so that most is found by name.
 */
class Settings {
    public static void main(String[] arguments) throws ReflectiveOperationException {
        Map<String, String> modes = updateModes();
        ConfigDef broker = (ConfigDef) call("kafka.server.KafkaConfig", "configDef");
        for (ConfigKey key : new TreeMap<>(broker.configKeys()).values()) {
            String mode = modes.getOrDefault(key.name, "read-only");
            print("broker", key, (mode.equals("read-only") ? "" : mode) + (key.internalConfig ? " internal" : ""));
        }
        Map<String, List<String>> synonyms = synonyms();
        ConfigDef topic = (ConfigDef) call("org.apache.kafka.storage.internals.log.LogConfig", "configDefCopy");
        for (ConfigKey key : new TreeMap<>(topic.configKeys()).values()) {
            String of = String.join(",", synonyms.getOrDefault(key.name, List.of()));
            print("topic", key, of + (key.internalConfig ? " internal" : ""));
        }
    }

    static void print(String of, ConfigKey key, String last) throws ReflectiveOperationException {
        String type = key.type.name().toLowerCase();
        System.out.println(String.join("\t", of, key.name, type, defaultOf(key), valuesOf(key), last.strip()));
    }

    static String defaultOf(ConfigKey key) {
        if (key.defaultValue == ConfigDef.NO_DEFAULT_VALUE) return "required";
        if (key.defaultValue == null) return "null";
        String text = ConfigDef.convertToString(key.defaultValue, key.type);
        // Made from a map without an order.
        if (key.name.equals("listener.security.protocol.map")) text = String.join(",", new TreeSet<>(List.of(text.split(","))));
        return text.isEmpty() ? "\"\"" : text;
    }

    static String valuesOf(ConfigKey key) throws ReflectiveOperationException {
        if (key.validator == null) return "";
        String text = key.validator.toString();
        switch (key.validator.getClass().getSimpleName()) {
            case "Range":
                return range(text);
            case "ValidString":
                return "one of " + words((Collection<?>) get(key.validator, "validStrings"));
            case "CaseInsensitiveValidString":
                return "any case of " + words((Collection<?>) get(key.validator, "validStrings"));
            case "ValidList":
                String words = words((Collection<?>) get(get(key.validator, "validString"), "validStrings"));
                return words.isEmpty() ? "" : "some of " + words;
            case "NonEmptyString":
                return "not empty";
            default:
                // compression.gzip.level, whose validator has no name.
                if (text.matches("\\[-?[0-9]+,\\.\\.\\.,-?[0-9]+\\] or -1")) return range(text.replace(" or -1", "")) + " or -1";
                return "";
        }
    }

    /** `[1,...,9]` to `1..9`. */
    static String range(String text) {
        String inner = text.substring(1, text.length() - 1);
        if (inner.equals("...")) return "";
        return inner.replaceFirst(",?\\.\\.\\.,?", "..");
    }

    /** In the order of the alphabet: some stand in sets without an order. */
    static String words(Collection<?> all) {
        List<String> texts = new ArrayList<>();
        for (Object each : all) texts.add(each.toString());
        return String.join(",", new TreeSet<>(texts));
    }

    @SuppressWarnings("unchecked")
    static Map<String, String> updateModes() throws ReflectiveOperationException {
        try {
            return (Map<String, String>) call("org.apache.kafka.server.config.DynamicBrokerConfig", "dynamicConfigUpdateModes");
        } catch (ClassNotFoundException | NoSuchMethodException older) {
            return (Map<String, String>) call("kafka.server.DynamicBrokerConfig", "dynamicConfigUpdateModes");
        }
    }

    static Map<String, List<String>> synonyms() throws ReflectiveOperationException {
        Class<?> owner = Class.forName("org.apache.kafka.server.config.ServerTopicConfigSynonyms");
        Map<String, List<String>> names = new TreeMap<>();
        for (Map.Entry<?, ?> entry : ((Map<?, ?>) owner.getField("ALL_TOPIC_CONFIG_SYNONYMS").get(null)).entrySet()) {
            List<String> of = new ArrayList<>();
            for (Object synonym : (List<?>) entry.getValue()) {
                of.add((String) synonym.getClass().getMethod("name").invoke(synonym));
            }
            names.put((String) entry.getKey(), of);
        }
        return names;
    }

    /** A static method, or one of a Scala object. */
    static Object call(String owner, String method) throws ReflectiveOperationException {
        try {
            return Class.forName(owner).getMethod(method).invoke(null);
        } catch (NoSuchMethodException notStatic) {
            try {
                Object module = Class.forName(owner + "$").getField("MODULE$").get(null);
                return module.getClass().getMethod(method).invoke(module);
            } catch (ClassNotFoundException noObject) {
                throw notStatic;
            }
        } catch (InvocationTargetException failed) {
            throw new IllegalStateException(owner + "." + method, failed.getCause());
        }
    }

    static Object get(Object owner, String name) throws ReflectiveOperationException {
        Field field = owner.getClass().getDeclaredField(name);
        field.setAccessible(true);
        return field.get(owner);
    }
}
