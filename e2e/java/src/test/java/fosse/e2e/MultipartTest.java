package fosse.e2e;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class MultipartTest {
    @ParameterizedTest
    @EnumSource
    void threeParts(Variant variant) throws Exception {
        try (Sdk sdk = variant.open(); Bucket bucket = new Bucket(sdk)) {
            String key = "big 文件+1.bin";
            String id = sdk.initiate(bucket.name, key,
                new Sdk.Put().contentType("text/x-big").meta(Map.of("origin", "parts")));
            String other = sdk.initiate(bucket.name, "other", new Sdk.Put());

            Map<Integer, byte[]> bodies =
                Map.of(1, Content.of(1, 100 << 10), 2, Content.of(2, 130_001), 4, Content.of(4, 7));
            List<Sdk.Part> parts = new ArrayList<>();
            for (int number : List.of(4, 2, 1)) {
                Sdk.Part part = sdk.uploadPart(bucket.name, key, id, number, bodies.get(number));
                assertEquals(Content.etag(bodies.get(number)), Sdk.unquote(part.etag()));
                parts.add(0, part);
            }
            ByteArrayOutputStream whole = new ByteArrayOutputStream();
            StringBuilder tags = new StringBuilder();
            for (Sdk.Part part : parts) {
                whole.write(bodies.get(part.number()));
                tags.append(Content.etag(bodies.get(part.number())));
            }

            assertEquals(List.of(new Sdk.Upload(key, id), new Sdk.Upload("other", other)),
                sdk.listUploads(bucket.name, null));
            assertEquals(List.of(new Sdk.Upload("other", other)), sdk.listUploads(bucket.name, "oth"));
            Sdk.Parts first = sdk.listParts(bucket.name, key, id, 2, 0);
            assertTrue(first.truncated());
            assertEquals(2, first.next());
            Sdk.Parts second = sdk.listParts(bucket.name, key, id, 2, first.next());
            assertFalse(second.truncated());
            List<Sdk.Part> listed = new ArrayList<>(first.parts());
            listed.addAll(second.parts());
            assertEquals(List.of(1, 2, 4), listed.stream().map(Sdk.Part::number).toList());
            for (Sdk.Part part : listed) {
                assertEquals(bodies.get(part.number()).length, part.size());
                assertEquals(Content.etag(bodies.get(part.number())), Sdk.unquote(part.etag()));
            }
            // Nothing is visible before the upload is completed.
            Refusals.refused(sdk, 404, "NoSuchKey", "0026-00000001", () -> sdk.head(bucket.name, key));

            String expected = Content.etag(tags.toString().getBytes(StandardCharsets.UTF_8)) + "-3";
            assertEquals(expected, Sdk.unquote(sdk.complete(bucket.name, key, id, parts)));
            Sdk.Stored stored = sdk.get(bucket.name, key, null);
            assertArrayEquals(whole.toByteArray(), stored.body());
            assertEquals(expected, Sdk.unquote(stored.header("ETag")));
            assertEquals(Content.crc(whole.toByteArray()), stored.header("x-oss-hash-crc64ecma"));
            assertEquals("Multipart", stored.header("x-oss-object-type"));
            assertEquals("text/x-big", stored.header("Content-Type"));
            assertEquals("parts", stored.header("x-oss-meta-origin"));
            assertNull(stored.header("Content-MD5"));
            assertArrayEquals(Arrays.copyOfRange(whole.toByteArray(), 102_390, 102_421),
                sdk.get(bucket.name, key, "bytes=102390-102420").body());

            sdk.abort(bucket.name, "other", other);
            Refusals.refused(sdk, 404, "NoSuchUpload", null, () -> sdk.listParts(bucket.name, "other", other, 10, 0));
            Refusals.refused(sdk, 404, "NoSuchUpload", "0042-00000104",
                () -> sdk.uploadPart(bucket.name, "other", other, 1, new byte[1]));
            assertEquals(List.of(), sdk.listUploads(bucket.name, null));
        }
    }

    @ParameterizedTest
    @EnumSource
    void refusals(Variant variant) throws Exception {
        try (Sdk sdk = variant.open(); Bucket bucket = new Bucket(sdk)) {
            String id = sdk.initiate(bucket.name, "k", new Sdk.Put());
            Sdk.Part big = sdk.uploadPart(bucket.name, "k", id, 1, Content.of(1, 100 << 10));
            Sdk.Part small = sdk.uploadPart(bucket.name, "k", id, 2, Content.of(2, 5));
            Sdk.Part last = sdk.uploadPart(bucket.name, "k", id, 3, Content.of(3, 4));

            Refusals.refused(sdk, 400, "EntityTooSmall", null,
                () -> sdk.complete(bucket.name, "k", id, List.of(big, small, last)));
            Refusals.refused(sdk, 400, "InvalidPart", null, () -> sdk.complete(bucket.name, "k", id,
                List.of(new Sdk.Part(1, small.etag(), 0, big.handle()))));
            Refusals.refused(sdk, 400, "InvalidPart", null, () -> sdk.complete(bucket.name, "k", id,
                List.of(big, new Sdk.Part(9, last.etag(), 0, last.handle()))));
            if (variant.sdk2()) {
                // SDK v1 sorts the parts before it sends them.
                Refusals.refused(sdk, 400, "InvalidPartOrder", null,
                    () -> sdk.complete(bucket.name, "k", id, List.of(last, big)));
            }
            // None of the refusals ended the upload.
            sdk.complete(bucket.name, "k", id, List.of(big, last));
            Refusals.refused(sdk, 404, "NoSuchUpload", "0042-00000002", () -> sdk.abort(bucket.name, "k", id));
        }
    }
}
