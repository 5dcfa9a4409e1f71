package fosse.e2e;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.logging.Level;
import java.util.logging.Logger;

/** What the runner says about the server (see ../README.md of this folder), and the server's clock. */
final class Settings {
    static final String ENDPOINT = variable("ENDPOINT");
    static final String ENDPOINT_V6 = variable("ENDPOINT_V6");
    static final String LOCALHOST = variable("LOCALHOST");
    static final String PORT = variable("PORT");
    static final String DOMAIN = variable("DOMAIN");
    static final String REGION = variable("REGION");
    static final String ACCESS_KEY_ID = variable("ACCESS_KEY_ID");
    static final String ACCESS_KEY_SECRET = variable("ACCESS_KEY_SECRET");
    private static final Path CLOCK = Path.of(variable("CLOCK"));
    private static final Path CASES = Path.of(variable("CASES"));

    private static final Path HOSTS = Path.of(System.getProperty("fosse.e2e.hosts"));
    private static final Set<String> KNOWN = new HashSet<>();
    // Held, because a logger that nothing refers to loses its level. SDK v1 logs every refusal with its whole text.
    private static final Logger SDK = Logger.getLogger("com.aliyun.oss");

    static {
        SDK.setLevel(Level.OFF);
        try {
            Files.createDirectories(HOSTS.getParent());
            Files.writeString(HOSTS, "127.0.0.1 localhost\n::1 localhost\n");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private Settings() {
    }

    private static String variable(String name) {
        String value = System.getenv("FOSSE_E2E_" + name);
        if (value == null || value.isEmpty()) {
            throw new IllegalStateException(
                "FOSSE_E2E_" + name + " is not set: run these tests with cargo xtask e2e --only java");
        }
        return value;
    }

    /** Makes a host of the tests resolve to 127.0.0.1 in this process. Addresses are left alone. */
    static synchronized void resolve(String host) {
        if (host.startsWith("[") || Character.isDigit(host.charAt(host.length() - 1)) || !KNOWN.add(host)) {
            return;
        }
        try {
            Files.writeString(HOSTS, "127.0.0.1 " + host + "\n", StandardOpenOption.APPEND);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static void resolve(URI uri) {
        resolve(uri.getHost());
    }

    /** A server clock that is ahead of this machine's (behind, if negative) until it is closed. */
    static final class Clock implements AutoCloseable {
        Clock(Duration ahead) {
            write(ahead.toSeconds());
        }

        @Override
        public void close() {
            write(0);
        }

        private static void write(long seconds) {
            try {
                // Replaced in one step, so that the server never reads half a number.
                Path next = CLOCK.resolveSibling(CLOCK.getFileName() + ".next");
                Files.writeString(next, Long.toString(seconds));
                Files.move(next, CLOCK, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    record KeyCase(String name, String key) {
    }

    /** The object keys that every SDK of every language has to carry. */
    static List<KeyCase> keys() throws IOException {
        List<KeyCase> out = new ArrayList<>();
        for (JsonNode k : new ObjectMapper().readTree(CASES.resolve("keys.json").toFile()).get("keys")) {
            out.add(new KeyCase(k.get("name").asText(),
                k.has("key") ? k.get("key").asText() : k.get("repeat").asText().repeat(k.get("times").asInt())));
        }
        if (out.size() < 10) {
            throw new IllegalStateException("only " + out.size() + " keys in " + CASES);
        }
        return out;
    }
}
