package fosse.e2e;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.aliyun.oss.ClientConfiguration;
import com.aliyun.oss.OSS;
import com.aliyun.oss.OSSClient;
import com.aliyun.oss.OSSClientBuilder;
import com.aliyun.oss.OSSException;
import com.aliyun.oss.common.auth.DefaultCredentialProvider;
import com.aliyun.oss.common.comm.SignVersion;
import com.aliyun.oss.model.OSSObject;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.util.Date;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * SDK v1 as its documentation shows it, with nothing but the endpoint changed, to a name such as {@code http://fosse:9000}: it takes
 * the name for a custom domain and leaves the bucket out of the request. The server finds the bucket by the signature.
 */
class ForeignNameTest {
    private static final String HOST = "fosse-under-test";

    /** The constructor of the documentation; {@code OSSClientBuilder.build(endpoint, id, secret)} makes the same client. */
    @SuppressWarnings("deprecation")
    private static OSS client(SignVersion version, String secret) {
        Settings.resolve(HOST);
        ClientConfiguration configuration = new ClientConfiguration();
        configuration.setSignatureVersion(version);
        OSSClient client = new OSSClient("http://" + HOST + ":" + Settings.PORT,
            new DefaultCredentialProvider(Settings.ACCESS_KEY_ID, secret), configuration);
        client.setRegion(Settings.REGION);
        return client;
    }

    private static OSS addressed() {
        return OSSClientBuilder.create().endpoint(Settings.ENDPOINT).region(Settings.REGION)
            .credentialsProvider(new DefaultCredentialProvider(Settings.ACCESS_KEY_ID, Settings.ACCESS_KEY_SECRET)).build();
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static byte[] read(OSSObject object) throws IOException {
        try (object) {
            return object.getObjectContent().readAllBytes();
        }
    }

    @ParameterizedTest
    @EnumSource(value = SignVersion.class, names = {"V1", "V4"})
    void worksWithNothingButTheEndpointChanged(SignVersion version) throws IOException {
        String bucket = "java-foreign-" + version.name().toLowerCase();
        OSS admin = addressed();
        // PutBucket names no bucket on the wire, so it needs another address.
        admin.createBucket(bucket);
        OSS oss = client(version, Settings.ACCESS_KEY_SECRET);
        try {
            for (String key : List.of("hello.txt", "dir/a b+中.txt")) {
                byte[] body = bytes("body of " + key);
                oss.putObject(bucket, key, new ByteArrayInputStream(body));
                assertArrayEquals(body, read(oss.getObject(bucket, key)));
                assertTrue(oss.doesObjectExist(bucket, key));
                assertEquals(body.length, oss.getObjectMetadata(bucket, key).getContentLength());
                assertArrayEquals(body, read(admin.getObject(bucket, key)));
                URL link = oss.generatePresignedUrl(bucket, key, new Date(System.currentTimeMillis() + 60_000));
                assertEquals(HOST, link.getHost());
                try (var stream = link.openStream()) {
                    assertArrayEquals(body, stream.readAllBytes());
                }
            }
            assertEquals(2, oss.listObjectsV2(bucket).getObjectSummaries().size());
            assertEquals(bucket, oss.getBucketInfo(bucket).getBucket().getName());
            OSS wrong = client(version, "wrong");
            OSSException refused = assertThrows(OSSException.class, () -> wrong.getObject(bucket, "hello.txt"));
            assertEquals("SignatureDoesNotMatch", refused.getErrorCode());
            wrong.shutdown();
            oss.listObjectsV2(bucket).getObjectSummaries().forEach(o -> oss.deleteObject(bucket, o.getKey()));
        } finally {
            oss.shutdown();
            admin.deleteBucket(bucket);
            admin.shutdown();
        }
    }
}
