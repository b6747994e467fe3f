import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import software.amazon.awssdk.protocols.jsoncore.JsonNode;

/** What the JSON file says, and the lines of JSON that are printed (tests/interop/__init__.py). */
final class Given {
    private final Map<String, JsonNode> members;

    Given(Path file) throws IOException {
        members = JsonNode.parser().parse(Files.readString(file)).asObject();
    }

    String text(String name) {
        return members.get(name).asString();
    }

    int number(String name) {
        return Integer.parseInt(members.get(name).asNumber());
    }

    List<JsonNode> array(String name) {
        return members.get(name).asArray();
    }

    Map<String, JsonNode> object(String name) {
        return members.get(name).asObject();
    }

    Map<String, String> metadata() {
        var metadata = new LinkedHashMap<String, String>();
        object("metadata").forEach((name, value) -> metadata.put(name, value.asString()));
        return metadata;
    }

    Path file(String name) {
        return Path.of(text("folder"), text(name));
    }

    /** The files that are put whole, by key, but for the one that is put with its content type. */
    Map<String, Path> smallObjects() throws IOException {
        var folder = Path.of(text("folder"));
        var objects = new TreeMap<String, Path>();
        try (Stream<Path> files = Files.walk(folder)) {
            files.filter(Files::isRegularFile).forEach(path -> objects.put(folder.relativize(path).toString(), path));
        }
        objects.remove(text("large"));
        objects.remove(text("plain"));
        return objects;
    }

    /** JSON of texts, numbers, truth values, nothing, lists and maps. */
    static String json(Object value) {
        if (value instanceof String text) {
            return quoted(text);
        }
        if (value instanceof Map<?, ?> map) {
            return map.entrySet().stream()
                    .map(entry -> quoted(entry.getKey().toString()) + ":" + json(entry.getValue()))
                    .reduce((before, next) -> before + "," + next)
                    .map(entries -> "{" + entries + "}")
                    .orElse("{}");
        }
        if (value instanceof List<?> list) {
            return list.stream()
                    .map(Given::json)
                    .reduce((before, next) -> before + "," + next)
                    .map(entries -> "[" + entries + "]")
                    .orElse("[]");
        }
        return String.valueOf(value);
    }

    private static String quoted(String text) {
        var quoted = new StringBuilder("\"");
        for (char unit : text.toCharArray()) {
            if (unit < ' ' || unit == '"' || unit == '\\' || unit > '~') {
                quoted.append(String.format("\\u%04x", (int) unit));
            } else {
                quoted.append(unit);
            }
        }
        return quoted.append('"').toString();
    }
}
