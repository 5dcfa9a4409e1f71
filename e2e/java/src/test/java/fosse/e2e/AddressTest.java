package fosse.e2e;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

class AddressTest {
    /** An endpoint and an option, and what they make of the host and of the path before the key. */
    record Address(String name, Variant.Client client, String host, String path) {
        @Override
        public String toString() {
            return name;
        }
    }

    static Stream<Arguments> addresses() {
        String port = ":" + Settings.PORT;
        String region = "oss-" + Settings.REGION + ".localhost" + port;
        String own = Settings.DOMAIN + port;
        List<Address> addresses = List.of(
            new Address("IPv4", client(Settings.ENDPOINT), "127.0.0.1" + port, "/BUCKET/"),
            // SDK v2 does not take the bracketed form for an address, so path-style has to be asked for.
            new Address("IPv6", client(Settings.ENDPOINT_V6).pathStyle(),
                Settings.ENDPOINT_V6.substring("http://".length()), "/BUCKET/"),
            // Both take this name for an address: path-style without asking.
            new Address("localhost", client(Settings.LOCALHOST), "localhost" + port, "/BUCKET/"),
            new Address("region name", client("http://" + region), "BUCKET." + region, "/"),
            new Address("region name, path-style", client("http://" + region).pathStyle(), region, "/BUCKET/"),
            new Address("own domain", client("http://" + own), "BUCKET." + own, "/"),
            new Address("own domain, path-style", client("http://" + own).pathStyle(), own, "/BUCKET/"));
        return addresses.stream().flatMap(a -> Stream.of(Variant.values())
            .filter(v -> v.sdk2() || !a.name().equals("IPv6")).map(v -> Arguments.of(a, v)));
    }

    private static Variant.Client client(String endpoint) {
        return new Variant.Client().endpoint(endpoint);
    }

    @ParameterizedTest
    @MethodSource("addresses")
    void everyWayToReachABucket(Address address, Variant variant) throws Exception {
        try (Sdk sdk = variant.open(address.client()); Bucket bucket = new Bucket(sdk)) {
            assertEquals(List.of(bucket.name), sdk.listBuckets(bucket.name));
            assertEquals(bucket.name, sdk.bucketInfo(bucket.name).name());
            List<String> keys = List.of("../文件?x#y", "dir/a b+c.txt", bucket.name + "/k");
            for (String key : keys) {
                byte[] body = ("body of " + key).getBytes(StandardCharsets.UTF_8);
                sdk.put(bucket.name, key, body, new Sdk.Put());
                assertArrayEquals(body, sdk.get(bucket.name, key, null).body());
                Sdk.Presigned get = sdk.presign("GET", bucket.name, key, Duration.ofMinutes(1), new Sdk.Presign());
                URI uri = URI.create(get.url());
                assertEquals(address.host().replace("BUCKET", bucket.name), uri.getAuthority());
                assertEquals(address.path().replace("BUCKET", bucket.name) + key, uri.getPath());
                Plain.send("GET", get.url(), get.headers(), null).answered(key, body);
            }
            assertEquals(keys, sdk.listV2(bucket.name, Sdk.Query.ALL).keys());
            assertEquals(List.of(keys.get(1)), sdk.removeMany(bucket.name, List.of(keys.get(1)), false));
            Refusals.refused(sdk, 404, "NoSuchKey", "0026-00000001", () -> sdk.get(bucket.name, keys.get(1), null));
        }
    }

    /** SDK v1 knows no IPv6 literals: it checks the brackets as if they were part of a name. */
    @Test
    void sdk1RefusesIpv6() {
        for (Variant variant : List.of(Variant.SDK1_V1, Variant.SDK1_V4)) {
            assertThrows(IllegalArgumentException.class, () -> variant.open(client(Settings.ENDPOINT_V6).pathStyle()));
        }
    }

    /** A URL is good at every address of the server: the name in the host is not part of what is signed. */
    @ParameterizedTest
    @EnumSource
    void presignedAtAnotherAddress(Variant variant) throws Exception {
        try (Sdk sdk = variant.open(); Bucket bucket = new Bucket(sdk)) {
            byte[] body = "body".getBytes(StandardCharsets.UTF_8);
            sdk.put(bucket.name, "dir/k", body, new Sdk.Put());
            String url = sdk.presign("GET", bucket.name, "dir/k", Duration.ofMinutes(1), new Sdk.Presign()).url();
            String rest = url.substring((Settings.ENDPOINT + "/" + bucket.name + "/").length());
            String port = ":" + Settings.PORT + "/";
            for (String base : List.of("http://" + bucket.name + ".localhost" + port,
                Settings.LOCALHOST + "/" + bucket.name + "/", Settings.ENDPOINT_V6 + "/" + bucket.name + "/",
                "http://" + bucket.name + ".oss-" + Settings.REGION + ".localhost" + port)) {
                Plain.get(base + rest).answered(base, body);
            }
            // Another bucket's name in the host is another resource.
            Plain.send("GET", "http://" + bucket.name + "x.localhost" + port + rest, Map.of(), null)
                .refused("another bucket", 403, "SignatureDoesNotMatch");
        }
    }
}
