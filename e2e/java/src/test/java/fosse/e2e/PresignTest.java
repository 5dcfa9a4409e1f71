package fosse.e2e;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.aliyun.sdk.service.oss2.exceptions.PresignExpirationException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class PresignTest {
    private static final Duration MINUTE = Duration.ofMinutes(1);
    private static final byte[] BODY = "body".getBytes(StandardCharsets.UTF_8);

    private static Plain.Reply send(String method, Sdk.Presigned signed, byte[] body) throws Exception {
        return Plain.send(method, signed.url(), signed.headers(), body);
    }

    private static Plain.Reply get(Sdk.Presigned signed) throws Exception {
        return send("GET", signed, null);
    }

    @ParameterizedTest
    @EnumSource
    void getUntilItExpires(Variant variant) throws Exception {
        try (Sdk sdk = variant.open(); Bucket bucket = new Bucket(sdk)) {
            byte[] body = Content.of(5, 3000);
            String key = "dir/报告 1+2.bin";
            sdk.put(bucket.name, key, body, new Sdk.Put().contentType("application/x-report"));
            Sdk.Presigned signed = sdk.presign("GET", bucket.name, key, MINUTE, new Sdk.Presign());

            Plain.Reply first = get(signed);
            first.answered("before it expires", body);
            assertEquals("application/x-report", first.header("Content-Type"));
            // Headers that were not signed are free.
            Plain.Reply part =
                Plain.send("GET", signed.url(), Map.of("Range", "bytes=10-19", "Cache-Control", "no-cache"), null);
            assertEquals(206, part.status());
            assertArrayEquals(Arrays.copyOfRange(body, 10, 20), part.body());

            try (Settings.Clock clock = new Settings.Clock(Duration.ofSeconds(50))) {
                get(signed).answered("shortly before it expires", body);
            }
            for (Duration ahead : List.of(Duration.ofSeconds(62), Duration.ofHours(1), Duration.ofDays(400))) {
                try (Settings.Clock clock = new Settings.Clock(ahead)) {
                    Plain.ErrorDocument e = get(signed).refused("after " + ahead, 403, "AccessDenied");
                    assertEquals("Request has expired.", e.message());
                    if (!variant.v4()) {
                        assertEquals("0002-00000069", e.ec());
                    }
                    assertFalse(e.expires().isEmpty(), "the refusal does not say when the URL expired");
                }
            }
            if (variant.v4()) {
                // A V4 URL also has a beginning, with fifteen minutes of grace.
                try (Settings.Clock clock = new Settings.Clock(Duration.ofSeconds(-890))) {
                    get(signed).answered("within the grace before it is valid", body);
                }
                try (Settings.Clock clock = new Settings.Clock(Duration.ofHours(-1))) {
                    assertEquals("0002-00000235", get(signed).refused("before it is valid", 403, "AccessDenied").ec());
                }
            }
            get(signed).answered("with the clock back", body);
        }
    }

    @ParameterizedTest
    @EnumSource
    void methods(Variant variant) throws Exception {
        try (Sdk sdk = variant.open(); Bucket bucket = new Bucket(sdk)) {
            for (String signed : List.of("GET", "HEAD", "PUT")) {
                sdk.put(bucket.name, "k", BODY, new Sdk.Put());
                Sdk.Presigned url = sdk.presign(signed, bucket.name, "k", MINUTE, new Sdk.Presign());
                for (String used : List.of("GET", "HEAD", "DELETE", "POST", "PUT")) {
                    byte[] body = used.startsWith("P") ? "other".getBytes(StandardCharsets.UTF_8) : null;
                    if (!used.equals(signed)) {
                        Plain.ErrorDocument e = send(used, url, body)
                            .refused(used + " with a URL for " + signed, 403, "SignatureDoesNotMatch");
                        assertEquals(variant.mismatch(), e.ec());
                    }
                }
                assertArrayEquals(BODY, sdk.get(bucket.name, "k", null).body(), signed);
                assertEquals(200, send(signed, url, signed.equals("PUT") ? BODY : null).status(), signed);
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void alterations(Variant variant) throws Exception {
        try (Sdk sdk = variant.open(); Bucket bucket = new Bucket(sdk)) {
            String secret = "what only the holder of the URL may read";
            byte[] body = secret.getBytes(StandardCharsets.UTF_8);
            sdk.put(bucket.name, "dir/a b.txt", body, new Sdk.Put());
            Sdk.Presigned signed = sdk.presign("GET", bucket.name, "dir/a b.txt", Duration.ofSeconds(100),
                new Sdk.Presign().response("text/x-signed", "attachment; filename=\"a.txt\""));
            get(signed).answered("as signed", body);

            List<String> wrong = new ArrayList<>();
            List<Alterations.Alteration> all = Alterations.of(variant, signed.url());
            for (Alterations.Alteration a : all) {
                assertNotEquals(signed.url(), a.url(), a.what());
                Plain.Reply reply = Plain.get(a.url());
                if (reply.status() < 400 || new String(reply.body(), StandardCharsets.UTF_8).contains(secret)) {
                    wrong.add(a.what() + ": answered " + reply.status() + "\n  " + a.url());
                    continue;
                }
                Plain.ErrorDocument e = reply.refusal();
                if (a.expected().stream().noneMatch(r -> r.is(reply.status(), e))) {
                    wrong.add(a.what() + ": " + reply.status() + " " + e + ", expected " + a.expected() + "\n  " + a.url());
                }
            }
            assertEquals("", String.join("\n", wrong));
            assertTrue(all.size() >= 70, () -> "only " + all.size());
            if (!variant.v4()) {
                // What V1 does not sign does not hurt; the listing filters mean nothing here.
                Plain.get(signed.url() + "&prefix=x&utm_source=mail").answered("with unsigned parameters", body);
            }
            get(signed).answered("as signed, after all that", body);
        }
    }

    @ParameterizedTest
    @EnumSource
    void putWithTypeAndMetadata(Variant variant) throws Exception {
        try (Sdk sdk = variant.open(); Bucket bucket = new Bucket(sdk)) {
            byte[] body = Content.of(6, 20_000);
            String key = "up load/文件.txt";
            String type = "text/x-upload; charset=utf-8";
            Sdk.Presigned signed = sdk.presign("PUT", bucket.name, key, MINUTE, new Sdk.Presign().put(
                new Sdk.Put().contentType(type).meta(Map.of("author", "someone", "note", "second value"))));
            Map<String, String> signedHeaders = Sdk.caseless();
            signedHeaders.putAll(signed.headers());
            assertTrue(signedHeaders.keySet().containsAll(List.of("content-type", "x-oss-meta-author", "x-oss-meta-note")),
                signedHeaders::toString);

            for (String name : signedHeaders.keySet()) {
                for (Map.Entry<String, Consumer<Map<String, String>>> change
                    : Map.<String, Consumer<Map<String, String>>>of("missing", h -> h.remove(name),
                    "altered", h -> h.merge(name, "x", String::concat)).entrySet()) {
                    Plain.ErrorDocument e = put(signed, change.getValue(), body)
                        .refused(name + " " + change.getKey(), 403, "SignatureDoesNotMatch");
                    assertEquals(variant.mismatch(), e.ec());
                }
            }
            for (String extra : List.of("x-oss-meta-more", "x-oss-object-acl", "Content-MD5")) {
                put(signed, h -> h.put(extra, "public-read"), body).refused(extra + " added", 403, "SignatureDoesNotMatch");
            }
            send("GET", signed, null).refused("GET", 403, "SignatureDoesNotMatch");
            send("POST", signed, body).refused("POST", 403, "SignatureDoesNotMatch");
            Plain.send("PUT", signed.url().replace(".txt?", ".exe?"), signed.headers(), body)
                .refused("another key", 403, "SignatureDoesNotMatch");
            try (Settings.Clock clock = new Settings.Clock(Duration.ofSeconds(62))) {
                assertEquals("Request has expired.",
                    send("PUT", signed, body).refused("expired", 403, "AccessDenied").message());
            }
            // No refused upload left anything.
            assertEquals(List.of(), sdk.list(bucket.name, Sdk.Query.ALL).keys());

            // Headers that were not signed are stored like those of any upload.
            Plain.Reply reply = put(signed, h -> h.put("Cache-Control", "max-age=9"), body);
            reply.answered("presigned PUT", new byte[0]);
            assertEquals("\"" + Content.etag(body) + "\"", reply.header("ETag"));
            assertEquals(Content.crc(body), reply.header("x-oss-hash-crc64ecma"));
            Sdk.Stored stored = sdk.get(bucket.name, key, null);
            assertArrayEquals(body, stored.body());
            assertEquals(type, stored.header("Content-Type"));
            assertEquals("someone", stored.header("x-oss-meta-author"));
            assertEquals("second value", stored.header("x-oss-meta-note"));
            assertEquals("max-age=9", stored.header("Cache-Control"));
        }
    }

    private static Plain.Reply put(Sdk.Presigned signed, Consumer<Map<String, String>> change, byte[] body)
        throws Exception {
        Map<String, String> headers = Sdk.caseless();
        headers.putAll(signed.headers());
        change.accept(headers);
        return Plain.send("PUT", signed.url(), headers, body);
    }

    /** V4 can sign further headers by name. (In V1 the set is fixed.) */
    @ParameterizedTest
    @EnumSource(names = {"SDK1_V4", "SDK2_V4"})
    void additionalHeader(Variant variant) throws Exception {
        try (Sdk sdk = variant.open(); Bucket bucket = new Bucket(sdk)) {
            Sdk.Presigned signed = sdk.presign("PUT", bucket.name, "k", MINUTE,
                new Sdk.Presign().put(new Sdk.Put().cacheControl("no-store")).signedHeader());
            assertTrue(signed.url().contains("x-oss-additional-headers=cache-control"), signed.url());
            Plain.send("PUT", signed.url(), Map.of(), BODY).refused("missing", 400, "InvalidArgument");
            Plain.send("PUT", signed.url(), Map.of("Cache-Control", "public"), BODY)
                .refused("altered", 403, "SignatureDoesNotMatch");
            assertEquals(200, Plain.send("PUT", signed.url(), Map.of("Cache-Control", "no-store"), BODY).status());
            assertEquals("no-store", sdk.head(bucket.name, "k").header("Cache-Control"));
        }
    }

    @ParameterizedTest
    @EnumSource
    void lifetimes(Variant variant) throws Exception {
        Duration week = Duration.ofDays(7);
        Duration month = Duration.ofDays(30);
        try (Sdk sdk = variant.open(); Bucket bucket = new Bucket(sdk)) {
            sdk.put(bucket.name, "k", BODY, new Sdk.Put());
            expires(sdk.presign("GET", bucket.name, "k", week, new Sdk.Presign()), week);
            if (!variant.v4()) {
                expires(sdk.presign("GET", bucket.name, "k", month, new Sdk.Presign()), month);
            } else if (variant.refusesLongV4()) {
                assertThrows(PresignExpirationException.class,
                    () -> sdk.presign("GET", bucket.name, "k", month, new Sdk.Presign()));
            } else {
                for (Duration life : List.of(month, week.plusSeconds(3))) {
                    Plain.ErrorDocument e = get(sdk.presign("GET", bucket.name, "k", life, new Sdk.Presign()))
                        .refused(life.toString(), 400, "InvalidArgument");
                    assertEquals("0002-00000232", e.ec());
                }
            }
        }
    }

    private static void expires(Sdk.Presigned signed, Duration life) throws Exception {
        get(signed).answered("now", BODY);
        try (Settings.Clock clock = new Settings.Clock(life.minus(MINUTE))) {
            get(signed).answered("a minute before the end", BODY);
        }
        try (Settings.Clock clock = new Settings.Clock(life.plus(MINUTE))) {
            assertEquals("Request has expired.",
                get(signed).refused("a minute after the end", 403, "AccessDenied").message());
        }
    }

    @ParameterizedTest
    @EnumSource
    void parametersInTheUrl(Variant variant) throws Exception {
        try (Sdk sdk = variant.open(); Bucket bucket = new Bucket(sdk)) {
            sdk.put(bucket.name, "k", BODY, new Sdk.Put().contentType("text/plain"));
            for (String disposition : List.of("attachment; filename*=UTF-8''%E6%8A%A5%E5%91%8A%20%2B%26.pdf",
                "attachment; filename=\"报告 1+1&2.pdf\"")) {
                Sdk.Presigned signed = sdk.presign("GET", bucket.name, "k", MINUTE,
                    new Sdk.Presign().versionId("null").response("application/pdf; charset=utf-8", disposition));
                for (String name : List.of("versionId=null", "response-content-type=", "response-content-disposition=")) {
                    assertTrue(signed.url().contains(name), signed.url());
                }
                Plain.Reply reply = get(signed);
                reply.answered(disposition, BODY);
                assertEquals(disposition, reply.utf8Header("Content-Disposition"));
                assertEquals("application/pdf; charset=utf-8", reply.header("Content-Type"));
                for (String[] change : new String[][] {{"versionId=null", "versionId=nul"},
                    {"application%2Fpdf", "text%2Fhtml"}, {"charset%3Dutf-8", "charset%3Dutf-7"}}) {
                    assertTrue(signed.url().contains(change[0]), signed.url());
                    Plain.ErrorDocument e = Plain.get(signed.url().replace(change[0], change[1]))
                        .refused(change[1], 403, "SignatureDoesNotMatch");
                    assertEquals(variant.mismatch(), e.ec());
                }
            }
            // The object's own headers are as they were.
            assertEquals("text/plain", sdk.head(bucket.name, "k").header("Content-Type"));
        }
    }

    /** Both schemes at once are not a stronger proof but a refusal. */
    @ParameterizedTest
    @EnumSource
    void withAuthorizationHeader(Variant variant) throws Exception {
        try (Sdk sdk = variant.open(); Bucket bucket = new Bucket(sdk)) {
            sdk.put(bucket.name, "k", BODY, new Sdk.Put());
            Sdk.Presigned signed = sdk.presign("GET", bucket.name, "k", MINUTE, new Sdk.Presign());
            Plain.ErrorDocument e = Plain.send("GET", signed.url(),
                    Map.of("Authorization", "OSS " + Settings.ACCESS_KEY_ID + ":AAAAAAAAAAAAAAAAAAAAAAAAAAA="), null)
                .refused("URL and header", 400, "InvalidArgument");
            assertEquals("0002-00000039", e.ec());
        }
    }
}
