package fosse.e2e;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * The SDKs compare CRC-64 by default. Both directions of the proof: a transfer passes although they compare, and it
 * fails when the server's value is changed on the way.
 */
class ChecksumTest {
    @ParameterizedTest
    @EnumSource
    void areCompared(Variant variant, @TempDir Path folder) throws Exception {
        try (Forger forger = new Forger(); Sdk sdk = variant.open(new Variant.Client().endpoint(forger.endpoint()));
             Bucket bucket = new Bucket(sdk)) {
            byte[] body = Content.of(3, 50_000);
            Path file = folder.resolve("download");
            sdk.put(bucket.name, "k", body, new Sdk.Put());
            sdk.getToFile(bucket.name, "k", file);
            assertArrayEquals(body, Files.readAllBytes(file));
            String id = sdk.initiate(bucket.name, "m", new Sdk.Put());

            forger.on = true;
            try {
                inconsistent("upload", () -> sdk.put(bucket.name, "k2", body, new Sdk.Put()));
                inconsistent("part", () -> sdk.uploadPart(bucket.name, "m", id, 1, body));
                if (variant.sdk2()) {
                    // SDK v2 compares uploads only: its set of default features has no check of downloads.
                    assertDoesNotThrow(() -> sdk.getToFile(bucket.name, "k", file));
                } else {
                    inconsistent("download", () -> sdk.getToFile(bucket.name, "k", file));
                }
            } finally {
                forger.on = false;
            }
            assertTrue(forger.forged.get() >= 3, () -> forger.forged + " answers carried a checksum");
        }
    }

    private static void inconsistent(String what, Executable call) {
        Throwable thrown = assertThrows(Throwable.class, call, what);
        for (Throwable t = thrown; t != null; t = t.getCause()) {
            if (t.getClass().getSimpleName().equals("InconsistentException")) {
                return;
            }
        }
        throw new AssertionError(what, thrown);
    }

    /** Passes requests on to the server, and can change the checksum in the answers. */
    private static final class Forger implements AutoCloseable {
        // What java.net.http and the server of the JDK set themselves.
        private static final Set<String> OWN = Set.of("host", "content-length", "connection", "expect", "upgrade",
            "transfer-encoding", "date");
        private final HttpClient http = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
        private final HttpServer server;
        final AtomicInteger forged = new AtomicInteger();
        volatile boolean on;

        Forger() throws IOException {
            server = HttpServer.create(new InetSocketAddress(InetAddress.getByAddress(new byte[] {127, 0, 0, 1}), 0), 0);
            server.createContext("/", this::pass);
            server.start();
        }

        String endpoint() {
            return "http://127.0.0.1:" + server.getAddress().getPort();
        }

        private void pass(HttpExchange exchange) throws IOException {
            HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(Settings.ENDPOINT + exchange.getRequestURI()))
                .method(exchange.getRequestMethod(),
                    HttpRequest.BodyPublishers.ofByteArray(exchange.getRequestBody().readAllBytes()));
            exchange.getRequestHeaders().forEach((name, values) -> {
                if (!OWN.contains(name.toLowerCase()) || name.equalsIgnoreCase("date")) {
                    values.forEach(value -> request.header(name, value));
                }
            });
            HttpResponse<byte[]> answer;
            try {
                answer = http.send(request.build(), HttpResponse.BodyHandlers.ofByteArray());
            } catch (InterruptedException e) {
                throw new IOException(e);
            }
            answer.headers().map().forEach((name, values) -> {
                if (OWN.contains(name)) {
                    return;
                }
                boolean forge = on && name.equals("x-oss-hash-crc64ecma");
                forged.addAndGet(forge ? 1 : 0);
                exchange.getResponseHeaders().put(name, forge ? List.of("1") : values);
            });
            byte[] body = answer.body();
            boolean bodiless = answer.statusCode() == 204 || exchange.getRequestMethod().equals("HEAD") || body.length == 0;
            exchange.sendResponseHeaders(answer.statusCode(), bodiless ? -1 : body.length);
            if (!bodiless) {
                exchange.getResponseBody().write(body);
            }
            exchange.close();
        }

        @Override
        public void close() {
            server.stop(0);
        }
    }
}
