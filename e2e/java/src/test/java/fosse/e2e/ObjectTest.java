package fosse.e2e;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class ObjectTest {
    @ParameterizedTest
    @EnumSource
    void putGetHeadAndRanges(Variant variant) throws Exception {
        try (Sdk sdk = variant.open(); Bucket bucket = new Bucket(sdk)) {
            byte[] body = Content.of(1, 100_000);
            sdk.put(bucket.name, "dir/one.bin", body, new Sdk.Put().contentType("image/x-test")
                .cacheControl("max-age=7").meta(Map.of("author", "someone", "note", "a b")));

            Sdk.Stored whole = sdk.get(bucket.name, "dir/one.bin", null);
            assertArrayEquals(body, whole.body());
            for (Sdk.Stored stored : List.of(whole, sdk.head(bucket.name, "dir/one.bin"))) {
                assertEquals(Content.etag(body), Sdk.unquote(stored.header("ETag")));
                assertEquals(Content.crc(body), stored.header("x-oss-hash-crc64ecma"));
                assertEquals("image/x-test", stored.header("Content-Type"));
                assertEquals("max-age=7", stored.header("Cache-Control"));
                assertEquals("someone", stored.header("x-oss-meta-author"));
                assertEquals("a b", stored.header("x-oss-meta-note"));
                assertEquals("Normal", stored.header("x-oss-object-type"));
                assertEquals("Standard", stored.header("x-oss-storage-class"));
                assertEquals("100000", stored.header("Content-Length"));
            }

            record Range(String asked, String answered, int from, int to) {
            }
            for (Range r : List.of(
                new Range("bytes=0-9", "bytes 0-9/100000", 0, 10),
                new Range("bytes=99990-", "bytes 99990-99999/100000", 99_990, 100_000),
                new Range("bytes=-5", "bytes 99995-99999/100000", 99_995, 100_000),
                new Range("bytes=4095-70000", "bytes 4095-70000/100000", 4095, 70_001))) {
                Sdk.Stored part = sdk.get(bucket.name, "dir/one.bin", r.asked());
                assertArrayEquals(Arrays.copyOfRange(body, r.from(), r.to()), part.body(), r.asked());
                assertEquals(r.answered(), part.header("Content-Range"));
                // The checksum is that of the whole object, also for a part of it.
                assertEquals(Content.crc(body), part.header("x-oss-hash-crc64ecma"));
            }
            // A range past the end is ignored unless x-oss-range-behavior asks for the standard.
            assertArrayEquals(body, sdk.get(bucket.name, "dir/one.bin", "bytes=200000-300000").body());

            sdk.put(bucket.name, "empty", new byte[0], new Sdk.Put());
            Sdk.Stored empty = sdk.get(bucket.name, "empty", null);
            assertEquals(0, empty.body().length);
            assertEquals("D41D8CD98F00B204E9800998ECF8427E", Sdk.unquote(empty.header("ETag")));
            assertEquals("0", empty.header("x-oss-hash-crc64ecma"));
        }
    }

    @ParameterizedTest
    @EnumSource
    void copyAndDelete(Variant variant) throws Exception {
        try (Sdk sdk = variant.open(); Bucket bucket = new Bucket(sdk)) {
            byte[] body = Content.of(2, 20_000);
            sdk.put(bucket.name, "one", body, new Sdk.Put().meta(Map.of("author", "someone", "note", "a b")));

            assertEquals(Content.etag(body), Sdk.unquote(sdk.copy(bucket.name, "one", bucket.name, "copy 1", null)));
            Sdk.Stored kept = sdk.get(bucket.name, "copy 1", null);
            assertArrayEquals(body, kept.body());
            assertEquals("someone", kept.header("x-oss-meta-author"));
            sdk.copy(bucket.name, "copy 1", bucket.name, "中文/copy+2", Map.of("author", "other"));
            Sdk.Stored replaced = sdk.head(bucket.name, "中文/copy+2");
            assertEquals("other", replaced.header("x-oss-meta-author"));
            assertNull(replaced.header("x-oss-meta-note"));

            sdk.put(bucket.name, "two", "2".getBytes(StandardCharsets.UTF_8), new Sdk.Put());
            sdk.remove(bucket.name, "two");
            sdk.remove(bucket.name, "two");
            List<String> gone = sdk.removeMany(bucket.name, List.of("one", "never there", "中文/copy+2"), false);
            assertEquals(List.of("never there", "one", "中文/copy+2"), gone.stream().sorted().toList());
            assertEquals(List.of(), sdk.removeMany(bucket.name, List.of("copy 1"), true));
            assertEquals(List.of(), sdk.list(bucket.name, Sdk.Query.ALL).keys());
        }
    }

    @ParameterizedTest
    @EnumSource
    void objectAcl(Variant variant) throws Exception {
        try (Sdk sdk = variant.open(); Bucket bucket = new Bucket(sdk)) {
            byte[] body = "body".getBytes(StandardCharsets.UTF_8);
            sdk.put(bucket.name, "k", body, new Sdk.Put());
            String url = Settings.ENDPOINT + "/" + bucket.name + "/k";
            assertEquals("default", sdk.objectAcl(bucket.name, "k"));
            Plain.get(url).refused("anonymous GET of a private object", 403, "AccessDenied");

            for (String acl : List.of("public-read", "private", "public-read-write", "default")) {
                sdk.setObjectAcl(bucket.name, "k", acl);
                assertEquals(acl, sdk.objectAcl(bucket.name, "k"));
                if (acl.startsWith("public")) {
                    Plain.get(url).answered("anonymous GET of " + acl, body);
                } else {
                    Plain.get(url).refused("anonymous GET of " + acl, 403, "AccessDenied");
                }
                // Writing includes deleting.
                Plain.Reply gone = Plain.send("DELETE", url, Map.of(), null);
                if (acl.equals("public-read-write")) {
                    assertEquals(204, gone.status());
                    sdk.put(bucket.name, "k", body, new Sdk.Put());
                } else {
                    gone.refused("anonymous DELETE of " + acl, 403, "AccessDenied");
                }
            }
            // The bucket's ACL counts where the object has none of its own.
            sdk.setBucketAcl(bucket.name, "public-read");
            Plain.get(url).answered("anonymous GET, bucket public-read", body);
            Plain.send("PUT", url, Map.of(), body).refused("anonymous PUT", 403, "AccessDenied");
            sdk.setObjectAcl(bucket.name, "k", "private");
            Plain.get(url).refused("anonymous GET, object private", 403, "AccessDenied");
        }
    }
}
