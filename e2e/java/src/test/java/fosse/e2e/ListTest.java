package fosse.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class ListTest {
    @ParameterizedTest
    @EnumSource
    void pagesPrefixesAndDelimiters(Variant variant) throws Exception {
        try (Sdk sdk = variant.open(); Bucket bucket = new Bucket(sdk)) {
            List<String> all = new ArrayList<>(List.of("c d+e", "z", "中文"));
            for (int i = 0; i < 7; i++) {
                all.add("a/" + i);
                all.add("b/" + i + "/x");
            }
            Collections.sort(all);
            for (String key : all) {
                sdk.put(bucket.name, key, key.getBytes(StandardCharsets.UTF_8), new Sdk.Put());
            }
            Map<String, BiFunction<String, Sdk.Query, Sdk.Page>> protocols =
                Map.of("v1", sdk::list, "v2", sdk::listV2);
            for (var protocol : protocols.entrySet()) {
                Sdk.Page page = protocol.getValue().apply(bucket.name, Sdk.Query.ALL.by(1000));
                assertEquals(all, page.keys(), protocol.getKey());
                assertFalse(page.truncated());
                for (Sdk.Listed o : page.objects()) {
                    byte[] body = o.key().getBytes(StandardCharsets.UTF_8);
                    assertEquals(Content.etag(body), Sdk.unquote(o.etag()), o.key());
                    assertEquals(body.length, o.size());
                    assertEquals("Normal", o.type());
                    assertEquals("Standard", o.storageClass());
                    assertTrue(Duration.between(o.modified(), Instant.now()).abs().toSeconds() < 60);
                    if (protocol.getKey().equals("v1")) {
                        assertNotNull(o.owner());
                    } else {
                        assertNull(o.owner());
                    }
                }
                // Every page size sees every key and prefix once, in order.
                for (Sdk.Query query : List.of(Sdk.Query.ALL, query("b/", null, null), query(null, "/", null),
                    query("b/", "/", null), query("b/3", "x", null), query(null, null, "b/3"), query(null, null, "c"))) {
                    for (int max : List.of(1, 3, 1000)) {
                        assertEquals(expected(all, query), walk(protocol.getValue(), bucket.name, query.by(max)),
                            () -> protocol.getKey() + " " + query + " by " + max);
                    }
                }
            }
        }
    }

    private static Sdk.Query query(String prefix, String delimiter, String after) {
        return new Sdk.Query(prefix, delimiter, after, null, null);
    }

    /** All pages: keys and common prefixes in the order of the listing. */
    static List<String> walk(BiFunction<String, Sdk.Query, Sdk.Page> list, String bucket, Sdk.Query first) {
        List<String> out = new ArrayList<>();
        Sdk.Query query = first;
        for (int pages = 0; ; pages++) {
            Sdk.Page page = list.apply(bucket, query);
            List<String> entries = new ArrayList<>(page.keys());
            entries.addAll(page.prefixes());
            assertTrue(entries.size() <= query.max(), entries.size() + " entries");
            entries.sort(ListTest::byBytes);
            out.addAll(entries);
            if (!page.truncated()) {
                return out;
            }
            assertNotNull(page.next());
            assertTrue(pages < 100, "no end");
            query = query.from(page.next());
        }
    }

    /** The order of the service: by UTF-8 bytes, not by UTF-16 units. */
    static int byBytes(String a, String b) {
        return java.util.Arrays.compareUnsigned(a.getBytes(StandardCharsets.UTF_8), b.getBytes(StandardCharsets.UTF_8));
    }

    /** The listing that a sorted list of keys gives. */
    private static List<String> expected(List<String> all, Sdk.Query query) {
        String prefix = query.prefix() == null ? "" : query.prefix();
        List<String> out = new ArrayList<>();
        for (String key : all) {
            if (!key.startsWith(prefix) || query.after() != null && key.compareTo(query.after()) <= 0) {
                continue;
            }
            int cut = query.delimiter() == null ? -1 : key.indexOf(query.delimiter(), prefix.length());
            String entry = cut < 0 ? key : key.substring(0, cut + query.delimiter().length());
            if (out.isEmpty() || !out.get(out.size() - 1).equals(entry)) {
                out.add(entry);
            }
        }
        return out;
    }
}
