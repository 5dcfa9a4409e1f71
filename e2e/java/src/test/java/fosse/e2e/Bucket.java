package fosse.e2e;

import java.util.concurrent.atomic.AtomicInteger;

/** A bucket for one test. Closing it empties and deletes it, which has to work. */
final class Bucket implements AutoCloseable {
    private static final AtomicInteger NUMBER = new AtomicInteger();
    final String name;
    private final Sdk sdk;

    Bucket(Sdk sdk) {
        this.sdk = sdk;
        name = "e2e-java-" + System.currentTimeMillis() + "-" + NUMBER.incrementAndGet();
        sdk.createBucket(name);
    }

    @Override
    public void close() {
        for (Sdk.Upload upload : sdk.listUploads(name, null)) {
            sdk.abort(name, upload.key(), upload.id());
        }
        Sdk.Page page;
        do {
            page = sdk.list(name, Sdk.Query.ALL.by(1000));
            page.keys().forEach(key -> sdk.remove(name, key));
        } while (page.truncated());
        sdk.deleteBucket(name);
    }
}
