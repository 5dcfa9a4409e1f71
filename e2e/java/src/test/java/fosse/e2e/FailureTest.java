package fosse.e2e;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class FailureTest {
    private static final byte[] BODY = "body".getBytes(StandardCharsets.UTF_8);
    private static final byte[] OTHER = "other".getBytes(StandardCharsets.UTF_8);

    @ParameterizedTest
    @EnumSource
    void codesRequestIdsAndEcs(Variant variant) throws Exception {
        try (Sdk sdk = variant.open(); Bucket bucket = new Bucket(sdk)) {
            sdk.put(bucket.name, "k", BODY, new Sdk.Put());
            Sdk.Failure get = Refusals.refused(sdk, 404, "NoSuchKey", "0026-00000001",
                () -> sdk.get(bucket.name, "absent", null));
            assertEquals("The specified key does not exist.", get.message());
            // HEAD has no body: the SDKs find the document in x-oss-err.
            Sdk.Failure head = Refusals.refused(sdk, 404, "NoSuchKey", "0026-00000001",
                () -> sdk.head(bucket.name, "absent"));
            assertEquals("The specified key does not exist.", head.message());

            String missing = bucket.name + "-absent";
            Refusals.refused(sdk, 404, "NoSuchBucket", "0015-00000101", () -> sdk.get(missing, "k", null));
            Refusals.refused(sdk, 404, "NoSuchBucket", "0015-00000101", () -> sdk.head(missing, "k"));
            Refusals.refused(sdk, 404, "NoSuchBucket", "0015-00000101", () -> sdk.list(missing, Sdk.Query.ALL));
            Refusals.refused(sdk, 404, "NoSuchBucket", "0015-00000101", () -> sdk.deleteBucket(missing));
            Refusals.refused(sdk, 409, "BucketNotEmpty", null, () -> sdk.deleteBucket(bucket.name));
            Refusals.refused(sdk, 409, "FileAlreadyExists", null,
                () -> sdk.put(bucket.name, "k", OTHER, new Sdk.Put().forbidOverwrite()));
            Refusals.refused(sdk, 400, "InvalidDigest", null,
                () -> sdk.put(bucket.name, "k", OTHER, new Sdk.Put().contentMd5("1B2M2Y8AsgTpgAmY7PhCfg==")));

            // Refused writes changed nothing.
            assertArrayEquals(BODY, sdk.get(bucket.name, "k", null).body());
        }
    }

    @ParameterizedTest
    @EnumSource
    void wrongCredentials(Variant variant) throws Exception {
        Variant.Client wrongSecret = new Variant.Client().accessKeySecret(Settings.ACCESS_KEY_SECRET.substring(1) + "x");
        Variant.Client wrongId = new Variant.Client().accessKeyId("LTAI5tNobodyKnowsThis");
        Variant.Client wrongRegion = new Variant.Client().region("cn-shenzhen");
        try (Sdk sdk = variant.open(); Bucket bucket = new Bucket(sdk); Sdk thief = variant.open(wrongSecret);
             Sdk stranger = variant.open(wrongId); Sdk abroad = variant.open(wrongRegion)) {
            sdk.put(bucket.name, "k", BODY, new Sdk.Put());

            Refusals.refused(thief, 403, "SignatureDoesNotMatch", variant.mismatch(),
                () -> thief.get(bucket.name, "k", null));
            Refusals.refused(thief, 403, "SignatureDoesNotMatch", variant.mismatch(), () -> thief.head(bucket.name, "k"));
            Refusals.refused(thief, 403, "SignatureDoesNotMatch", variant.mismatch(),
                () -> thief.put(bucket.name, "k", OTHER, new Sdk.Put()));
            Refusals.refused(stranger, 403, "InvalidAccessKeyId", "0002-00000902",
                () -> stranger.get(bucket.name, "k", null));
            Refusals.refused(stranger, 403, "InvalidAccessKeyId", "0002-00000902", () -> stranger.listBuckets(null));
            if (variant.v4()) {
                Sdk.Failure region = Refusals.refused(abroad, 400, "InvalidArgument", "0002-00000226",
                    () -> abroad.get(bucket.name, "k", null));
                assertEquals("Invalid signing region in Authorization header.", region.message());
            }
            assertArrayEquals(BODY, sdk.get(bucket.name, "k", null).body());
        }
    }

    @ParameterizedTest
    @EnumSource
    void clockSkew(Variant variant) throws Exception {
        try (Sdk sdk = variant.open(); Bucket bucket = new Bucket(sdk)) {
            sdk.put(bucket.name, "k", BODY, new Sdk.Put());
            // Fifteen minutes are allowed, either way.
            for (int seconds : new int[] {890, -890}) {
                try (Settings.Clock clock = new Settings.Clock(Duration.ofSeconds(seconds))) {
                    assertArrayEquals(BODY, sdk.get(bucket.name, "k", null).body());
                }
            }
            for (int hours : new int[] {1, -1}) {
                try (Settings.Clock clock = new Settings.Clock(Duration.ofHours(hours))) {
                    Sdk.Failure late = Refusals.refused(sdk, 403, "RequestTimeTooSkewed", "0002-00000504",
                        () -> sdk.get(bucket.name, "k", null));
                    assertEquals("The difference between the request time and the current time is too large.",
                        late.message());
                }
            }
        }
    }
}
