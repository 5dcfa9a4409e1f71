package fosse.e2e;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.aliyun.credentials.models.CredentialModel;
import com.aliyun.credentials.provider.RamRoleArnCredentialProvider;
import com.aliyun.sts20150401.models.AssumeRoleRequest;
import com.aliyun.tea.TeaException;
import com.aliyun.teaopenapi.models.Config;
import com.aliyuncs.DefaultAcsClient;
import com.aliyuncs.exceptions.ClientException;
import com.aliyuncs.http.ProtocolType;
import com.aliyuncs.profile.DefaultProfile;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Temporary credentials: made by the official STS clients and the credential provider, used by both OSS SDKs. */
class StsTest {
    private static final String USER = "java-sts-user";
    private static final String ROLE = "java-sts-role";
    private static final Duration HOUR = Duration.ofHours(1);
    private static String id;
    private static String secret;
    private static String roleArn;

    record Session(String id, String secret, String token) {
    }

    private static String variable(String name) {
        return System.getenv("FOSSE_E2E_" + name);
    }

    /** {@code fosse admin} on the server's admin listener, with the root AccessKey. */
    private static JsonNode admin(String... arguments) throws Exception {
        List<String> line = new ArrayList<>(
            List.of(variable("BIN"), "admin", "--output", "json", "--admin-url", variable("ADMIN")));
        line.addAll(List.of(arguments));
        ProcessBuilder builder = new ProcessBuilder(line).redirectErrorStream(true);
        builder.environment().put("OSS_ACCESS_KEY_ID", Settings.ACCESS_KEY_ID);
        builder.environment().put("OSS_ACCESS_KEY_SECRET", Settings.ACCESS_KEY_SECRET);
        Process process = builder.start();
        String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, process.waitFor(), () -> line + ": " + text);
        return new ObjectMapper().readTree(text.isEmpty() ? "{}" : text);
    }

    @BeforeAll
    static void makeUserAndRole() throws Exception {
        admin("user", "create", USER);
        JsonNode key = admin("access-key", "create", "--user", USER).get("AccessKey");
        id = key.get("AccessKeyId").asText();
        secret = key.get("AccessKeySecret").asText();
        roleArn = admin("role", "create", ROLE).get("Role").get("Arn").asText();
        admin("policy", "attach", "AliyunSTSAssumeRoleAccess", "--user", USER);
        admin("policy", "attach", "AliyunOSSFullAccess", "--role", ROLE);
    }

    @AfterAll
    static void removeThem() throws Exception {
        admin("policy", "detach", "AliyunSTSAssumeRoleAccess", "--user", USER);
        admin("policy", "detach", "AliyunOSSFullAccess", "--role", ROLE);
        admin("access-key", "delete", id);
        admin("role", "delete", ROLE);
        admin("user", "delete", USER);
    }

    private static String host() {
        return Settings.ENDPOINT.replace("http://", "");
    }

    /** The generated client: ACS3. */
    private static com.aliyun.sts20150401.Client generated(String id, String secret) throws Exception {
        return new com.aliyun.sts20150401.Client(new Config().setAccessKeyId(id).setAccessKeySecret(secret)
            .setEndpoint(host()).setProtocol("HTTP"));
    }

    private static Session byGenerated(String policy, long seconds) throws Exception {
        AssumeRoleRequest request = new AssumeRoleRequest().setRoleArn(roleArn).setRoleSessionName("java")
            .setDurationSeconds(seconds).setPolicy(policy);
        var got = generated(id, secret).assumeRole(request).getBody().getCredentials();
        return new Session(got.getAccessKeyId(), got.getAccessKeySecret(), got.getSecurityToken());
    }

    /** The classic client: RPC signature 1.0. */
    private static Session byClassic(String policy, long seconds) throws Exception {
        var client = new DefaultAcsClient(DefaultProfile.getProfile(Settings.REGION, id, secret));
        var request = new com.aliyuncs.sts.model.v20150401.AssumeRoleRequest();
        request.setSysEndpoint(host());
        request.setSysProtocol(ProtocolType.HTTP);
        request.setRoleArn(roleArn);
        request.setRoleSessionName("java");
        request.setDurationSeconds(seconds);
        if (policy != null) {
            request.setPolicy(policy);
        }
        try {
            var got = client.getAcsResponse(request).getCredentials();
            return new Session(got.getAccessKeyId(), got.getAccessKeySecret(), got.getSecurityToken());
        } finally {
            client.shutdown();
        }
    }

    private static Sdk open(Variant variant, Session session) {
        return variant.open(new Variant.Client().accessKeyId(session.id()).accessKeySecret(session.secret())
            .securityToken(session.token()));
    }

    private interface Maker {
        Session make(String policy, long seconds) throws Exception;
    }

    @ParameterizedTest
    @EnumSource
    void linksOfANarrowedSession(Variant variant) throws Exception {
        try (Sdk root = variant.open(); Bucket bucket = new Bucket(root)) {
            byte[] one = "one".getBytes(StandardCharsets.UTF_8);
            root.put(bucket.name, "u1/a", one, new Sdk.Put());
            root.put(bucket.name, "u2/b", one, new Sdk.Put());
            String policy = "{\"Version\":\"1\",\"Statement\":[{\"Effect\":\"Allow\",\"Action\":[\"oss:GetObject\"],"
                + "\"Resource\":[\"acs:oss:*:*:" + bucket.name + "/u1/*\"]}]}";
            for (Maker maker : List.<Maker>of(StsTest::byGenerated, StsTest::byClassic)) {
                Session session = maker.make(policy, 900);
                assertTrue(session.id().startsWith("STS."), session.id());
                try (Sdk sdk = open(variant, session)) {
                    String link = sdk.presign("GET", bucket.name, "u1/a", HOUR, new Sdk.Presign()).url();
                    String other = sdk.presign("GET", bucket.name, "u2/b", HOUR, new Sdk.Presign()).url();
                    Plain.get(link).answered("below the prefix", one);
                    Plain.get(other).refused("beside the prefix", 403, "AccessDenied");
                    try (Settings.Clock clock = new Settings.Clock(Duration.ofSeconds(880))) {
                        Plain.get(link).answered("while the token lives", one);
                    }
                    try (Settings.Clock clock = new Settings.Clock(Duration.ofSeconds(910))) {
                        Plain.get(link).refused("after the token", 403, "SecurityTokenExpired");
                    }
                    assertArrayEquals(one, sdk.get(bucket.name, "u1/a", null).body());
                }
            }
        }
    }

    @Test
    void theCredentialProviderTakesTheRoleOn() throws Exception {
        // The provider speaks HTTPS only, and trusts what the JVM does.
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        try (InputStream pem = Files.newInputStream(Path.of(variable("CA")))) {
            store.setCertificateEntry("fosse", CertificateFactory.getInstance("X.509").generateCertificate(pem));
        }
        Path file = Files.createTempFile("fosse", ".p12");
        try (OutputStream out = Files.newOutputStream(file)) {
            store.store(out, "fosse-e2e".toCharArray());
        }
        System.setProperty("javax.net.ssl.trustStore", file.toString());
        System.setProperty("javax.net.ssl.trustStorePassword", "fosse-e2e");
        try (RamRoleArnCredentialProvider provider = RamRoleArnCredentialProvider.builder().accessKeyId(id)
                .accessKeySecret(secret).roleArn(roleArn).roleSessionName("provider").durationSeconds(900)
                .STSEndpoint(variable("TLS").replace("https://", "")).build()) {
            CredentialModel got = provider.getCredentials();
            assertTrue(got.getAccessKeyId().startsWith("STS."));
            Session session = new Session(got.getAccessKeyId(), got.getAccessKeySecret(), got.getSecurityToken());
            try (Sdk root = Variant.SDK2_V4.open(); Bucket bucket = new Bucket(root);
                 Sdk sdk = open(Variant.SDK2_V4, session); Sdk old = open(Variant.SDK1_V4, session)) {
                byte[] body = {1, 2, 3};
                sdk.put(bucket.name, "k", body, new Sdk.Put());
                assertArrayEquals(body, old.get(bucket.name, "k", null).body());
            }
        } finally {
            System.clearProperty("javax.net.ssl.trustStore");
            System.clearProperty("javax.net.ssl.trustStorePassword");
            Files.delete(file);
        }
    }

    @Test
    void refusalsAndIdentities() throws Exception {
        assertEquals("RAMUser", generated(id, secret).getCallerIdentity().getBody().getIdentityType());
        TeaException refused = assertThrows(TeaException.class, () -> byGenerated("{}", 900));
        assertEquals("InvalidParameter.PolicyGrammar", refused.getCode());
        refused = assertThrows(TeaException.class, () -> byGenerated(null, 899));
        assertEquals("InvalidParameter.DurationSeconds", refused.getCode());
        ClientException classic = assertThrows(ClientException.class, () -> byClassic("{}", 900));
        assertEquals("InvalidParameter.PolicyGrammar", classic.getErrCode());
        var root = generated(Settings.ACCESS_KEY_ID, Settings.ACCESS_KEY_SECRET);
        refused = assertThrows(TeaException.class, () -> root.assumeRole(
            new AssumeRoleRequest().setRoleArn(roleArn).setRoleSessionName("java")));
        assertEquals("NoPermission", refused.getCode());
    }
}
