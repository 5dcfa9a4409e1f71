package fosse.e2e;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiFunction;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class KeysTest {
    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    /** Every key goes through put, presign, a download without an SDK, head, both listings, and delete. */
    @ParameterizedTest
    @EnumSource
    void everyOperation(Variant variant) throws Exception {
        try (Sdk sdk = variant.open(); Bucket bucket = new Bucket(sdk)) {
            List<String> all = new ArrayList<>();
            for (Settings.KeyCase k : Settings.keys()) {
                all.add(k.key());
                byte[] body = bytes("content of " + k.key());
                sdk.put(bucket.name, k.key(), body, new Sdk.Put());
                assertArrayEquals(body, sdk.get(bucket.name, k.key(), null).body(), k.name());
                assertEquals(Content.etag(body), Sdk.unquote(sdk.head(bucket.name, k.key()).header("ETag")), k.name());

                Sdk.Presigned get = sdk.presign("GET", bucket.name, k.key(), Duration.ofMinutes(1), new Sdk.Presign());
                Plain.send("GET", get.url(), get.headers(), null).answered(k.name(), body);
                Sdk.Presigned head = sdk.presign("HEAD", bucket.name, k.key(), Duration.ofMinutes(1), new Sdk.Presign());
                Plain.Reply reply = Plain.send("HEAD", head.url(), head.headers(), null);
                assertEquals(200, reply.status(), k.name());
                assertEquals("\"" + Content.etag(body) + "\"", reply.header("ETag"), k.name());
                Sdk.Presigned put = sdk.presign("PUT", bucket.name, k.key(), Duration.ofMinutes(1), new Sdk.Presign());
                byte[] again = bytes("again " + k.key());
                assertEquals(200, Plain.send("PUT", put.url(), put.headers(), again).status(), k.name());
                assertArrayEquals(again, sdk.get(bucket.name, k.key(), null).body(), k.name());
            }
            all.sort(ListTest::byBytes);

            List<BiFunction<String, Sdk.Query, Sdk.Page>> protocols = List.of(sdk::list, sdk::listV2);
            for (var list : protocols) {
                assertEquals(all, list.apply(bucket.name, Sdk.Query.ALL.by(1000)).keys());
                // One key a page, so that every key is a marker once.
                assertEquals(all, ListTest.walk(list, bucket.name, Sdk.Query.ALL.by(1)));
                for (String key : all) {
                    List<String> found =
                        list.apply(bucket.name, new Sdk.Query(key, null, null, null, null)).keys();
                    assertTrue(found.contains(key), () -> "prefix " + key + " gives " + found);
                }
            }

            int half = all.size() / 2;
            all.subList(0, half).forEach(key -> sdk.remove(bucket.name, key));
            List<String> rest = all.subList(half, all.size());
            assertEquals(rest, sdk.removeMany(bucket.name, rest, false).stream().sorted(ListTest::byBytes).toList());
            assertEquals(List.of(), sdk.list(bucket.name, Sdk.Query.ALL).keys());
        }
    }

    @ParameterizedTest
    @EnumSource
    void multipartAndCopy(Variant variant) throws Exception {
        try (Sdk sdk = variant.open(); Bucket bucket = new Bucket(sdk)) {
            for (Settings.KeyCase k : Settings.keys()) {
                String id = sdk.initiate(bucket.name, k.key(), new Sdk.Put());
                Sdk.Part part = sdk.uploadPart(bucket.name, k.key(), id, 1, bytes(k.name()));
                assertTrue(sdk.listUploads(bucket.name, k.key()).contains(new Sdk.Upload(k.key(), id)), k.name());
                sdk.complete(bucket.name, k.key(), id, List.of(part));
                sdk.copy(bucket.name, k.key(), bucket.name, "copies/" + k.name(), null);
                assertArrayEquals(bytes(k.name()), sdk.get(bucket.name, "copies/" + k.name(), null).body());
            }
        }
    }
}
