package fosse.e2e;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Base64;
import java.util.Map;
import javax.xml.parsers.DocumentBuilderFactory;
import org.w3c.dom.Element;

/** Requests without any SDK: java.net.http puts path and query on the wire exactly as they are written. */
final class Plain {
    private static final HttpClient HTTP = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1)
        .connectTimeout(Duration.ofSeconds(5)).followRedirects(HttpClient.Redirect.NEVER).build();

    private Plain() {
    }

    static Reply send(String method, String url, Map<String, String> headers, byte[] body) throws Exception {
        URI uri = URI.create(url);
        Settings.resolve(uri);
        HttpRequest.Builder request = HttpRequest.newBuilder(uri).timeout(Duration.ofSeconds(20)).method(method,
            body == null ? HttpRequest.BodyPublishers.noBody() : HttpRequest.BodyPublishers.ofByteArray(body));
        headers.forEach(request::setHeader);
        HttpResponse<byte[]> response = HTTP.send(request.build(), HttpResponse.BodyHandlers.ofByteArray());
        Reply reply = new Reply(response);
        assertTrue(reply.header("x-oss-request-id").matches("[0-9A-F]{24}"),
            () -> "request id " + reply.header("x-oss-request-id") + " in a reply with " + reply.status());
        return reply;
    }

    static Reply get(String url) throws Exception {
        return send("GET", url, Map.of(), null);
    }

    /** What a plain client sees. */
    record Reply(HttpResponse<byte[]> response) {
        int status() {
            return response.statusCode();
        }

        byte[] body() {
            return response.body();
        }

        String header(String name) {
            return response.headers().firstValue(name).orElse("");
        }

        /** A header with bytes outside ASCII: java.net.http reads each byte as one character. */
        String utf8Header(String name) {
            return new String(header(name).getBytes(java.nio.charset.StandardCharsets.ISO_8859_1),
                java.nio.charset.StandardCharsets.UTF_8);
        }

        /** The error document, from the body or, for HEAD, from the header that stands for it. */
        ErrorDocument refusal() throws Exception {
            byte[] text = body().length > 0 ? body() : Base64.getDecoder().decode(header("x-oss-err"));
            Element root = DocumentBuilderFactory.newInstance().newDocumentBuilder()
                .parse(new ByteArrayInputStream(text)).getDocumentElement();
            assertEquals("Error", root.getTagName());
            ErrorDocument e = new ErrorDocument(text(root, "Code"), text(root, "Message"), text(root, "RequestId"),
                text(root, "EC"), text(root, "Expires"));
            assertEquals(header("x-oss-request-id"), e.requestId());
            assertEquals(header("x-oss-ec"), e.ec());
            return e;
        }

        private static String text(Element root, String name) {
            var found = root.getElementsByTagName(name);
            return found.getLength() == 0 ? "" : found.item(0).getTextContent();
        }

        /** Fails unless the reply is this refusal. */
        ErrorDocument refused(String what, int status, String code) throws Exception {
            assertTrue(status() >= 400, () -> what + ": answered " + status());
            ErrorDocument e = refusal();
            assertEquals(status + " " + code, status() + " " + e.code(), () -> what + ": " + e.message());
            return e;
        }

        void answered(String what, byte[] expected) {
            assertEquals(200, status(), () -> what + ": " + new String(body(), java.nio.charset.StandardCharsets.UTF_8));
            assertArrayEquals(expected, body(), what);
        }
    }

    record ErrorDocument(String code, String message, String requestId, String ec, String expires) {
    }
}
