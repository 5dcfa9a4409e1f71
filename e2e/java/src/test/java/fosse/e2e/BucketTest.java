package fosse.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class BucketTest {
    @ParameterizedTest
    @EnumSource
    void isMadeListedAndDescribed(Variant variant) throws Exception {
        try (Sdk sdk = variant.open(); Bucket bucket = new Bucket(sdk)) {
            // Making a bucket again that is one's own changes nothing.
            sdk.createBucket(bucket.name);
            assertEquals(List.of(bucket.name), sdk.listBuckets(bucket.name));

            Sdk.BucketFacts info = sdk.bucketInfo(bucket.name);
            assertEquals(bucket.name, info.name());
            assertEquals("oss-" + Settings.REGION, info.location());
            assertEquals("private", info.acl());
            assertEquals("Standard", info.storageClass());
            assertEquals("LRS", info.redundancy());
            assertTrue(info.owner().matches("\\d{16}"), info.owner());
            assertFalse(info.extranet().isEmpty());
            assertFalse(info.intranet().isEmpty());
            assertTrue(Duration.between(info.created(), Instant.now()).abs().toSeconds() < 60, info.created().toString());
            assertEquals("oss-" + Settings.REGION, sdk.bucketLocation(bucket.name));

            for (String acl : List.of("public-read", "public-read-write", "private")) {
                sdk.setBucketAcl(bucket.name, acl);
                assertEquals(acl, sdk.bucketAcl(bucket.name));
            }
        }
    }
}
