package fosse.e2e;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.FilterInputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class BodiesTest {
    /** A stream that does not tell how much is left. */
    private static final class Unmeasured extends FilterInputStream {
        Unmeasured(byte[] body) {
            super(new ByteArrayInputStream(body));
        }

        @Override
        public int available() {
            return 0;
        }
    }

    @ParameterizedTest
    @EnumSource
    void ofUnknownLength(Variant variant) throws Exception {
        try (Sdk sdk = variant.open(); Bucket bucket = new Bucket(sdk)) {
            for (int size : new int[] {0, 1, 70_000, 3 << 20}) {
                byte[] body = Content.of(size, size);
                sdk.putStream(bucket.name, "k", new Unmeasured(body));
                Sdk.Stored stored = sdk.get(bucket.name, "k", null);
                assertArrayEquals(body, stored.body(), size + " bytes");
                assertEquals(Content.crc(body), stored.header("x-oss-hash-crc64ecma"));
            }
        }
    }

    /** Parts and ranges in parallel, with the checksum of the whole combined from the parts. */
    @ParameterizedTest
    @EnumSource
    void transferManagers(Variant variant, @TempDir Path folder) throws Throwable {
        try (Sdk sdk = variant.open(); Bucket bucket = new Bucket(sdk)) {
            byte[] body = Content.of(9, (3 << 20) + 12_345);
            Path from = Files.write(folder.resolve("from"), body);
            sdk.uploadFile(bucket.name, "dir/big file", from, 256 << 10);
            Sdk.Stored head = sdk.head(bucket.name, "dir/big file");
            assertEquals("Multipart", head.header("x-oss-object-type"));
            assertEquals(Content.crc(body), head.header("x-oss-hash-crc64ecma"));
            assertTrue(Sdk.unquote(head.header("ETag")).endsWith("-13"), head.header("ETag"));
            Path to = folder.resolve("to");
            sdk.downloadFile(bucket.name, "dir/big file", to, 300_000);
            assertArrayEquals(body, Files.readAllBytes(to));
        }
    }

    /** A refusal arrives, however large the body, and the client can go on. */
    @ParameterizedTest
    @EnumSource
    void largeAndRefused(Variant variant) throws Exception {
        try (Sdk sdk = variant.open(); Bucket bucket = new Bucket(sdk);
             Sdk thief = variant.open(new Variant.Client().accessKeySecret("wrong"))) {
            byte[] body = Content.of(8, 4 << 20);
            Sdk.Presigned put = sdk.presign("PUT", bucket.name, "k", Duration.ofMinutes(1), new Sdk.Presign());
            String other = put.url().replace(bucket.name + "/k", bucket.name + "/other");
            for (int i = 0; i < 3; i++) {
                Plain.send("PUT", other, put.headers(), body).refused("another key", 403, "SignatureDoesNotMatch");
                assertEquals(200, Plain.send("PUT", put.url(), put.headers(), body).status());
            }
            Refusals.refused(thief, 403, "SignatureDoesNotMatch", variant.mismatch(),
                () -> thief.put(bucket.name, "k", body, new Sdk.Put()));
            sdk.put(bucket.name, "k", body, new Sdk.Put());
        }
    }
}
