package fosse.e2e;

import java.io.InputStream;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * What the tests ask of an SDK, in plain data, so that one set of assertions runs over both generations and both
 * signature versions. The adapters only translate: they hide no failure and repair nothing that an SDK gets wrong.
 */
interface Sdk extends AutoCloseable {
    void createBucket(String bucket);

    void deleteBucket(String bucket);

    List<String> listBuckets(String prefix);

    BucketFacts bucketInfo(String bucket);

    String bucketLocation(String bucket);

    String bucketAcl(String bucket);

    void setBucketAcl(String bucket, String acl);

    void put(String bucket, String key, byte[] body, Put options);

    /** Sends a body whose length the SDK is not told. */
    void putStream(String bucket, String key, InputStream body);

    /** The transfer manager: parts of {@code partSize} bytes, several at a time. */
    void uploadFile(String bucket, String key, Path file, int partSize) throws Throwable;

    void downloadFile(String bucket, String key, Path file, int partSize) throws Throwable;

    /** The object, or the part of it that {@code range} ({@code bytes=0-9}) names; null for all of it. */
    Stored get(String bucket, String key, String range) throws Exception;

    void getToFile(String bucket, String key, Path file) throws Exception;

    Stored head(String bucket, String key);

    /** Copies, replacing the user metadata if {@code replace} is not null. Returns the ETag. */
    String copy(String sourceBucket, String sourceKey, String bucket, String key, Map<String, String> replace);

    void remove(String bucket, String key);

    List<String> removeMany(String bucket, List<String> keys, boolean quiet);

    String objectAcl(String bucket, String key);

    void setObjectAcl(String bucket, String key, String acl);

    Page list(String bucket, Query query);

    Page listV2(String bucket, Query query);

    String initiate(String bucket, String key, Put options);

    Part uploadPart(String bucket, String key, String uploadId, int number, byte[] body);

    Parts listParts(String bucket, String key, String uploadId, int max, int after);

    List<Upload> listUploads(String bucket, String prefix);

    String complete(String bucket, String key, String uploadId, List<Part> parts);

    void abort(String bucket, String key, String uploadId);

    Presigned presign(String method, String bucket, String key, Duration life, Presign options);

    /** The service's refusal in an exception of the SDK; empty if it is something else. */
    Optional<Failure> failure(Throwable thrown);

    @Override
    void close() throws Exception;

    record BucketFacts(String name, String location, String acl, String storageClass, String owner, String redundancy,
                       String extranet, String intranet, Instant created) {
    }

    record Stored(byte[] body, Map<String, String> headers) {
        String header(String name) {
            return headers.get(name);
        }
    }

    /** {@code token} is what the page before gave as next: a marker, or a continuation token. */
    record Query(String prefix, String delimiter, String after, String token, Integer max) {
        static final Query ALL = new Query(null, null, null, null, null);

        Query by(int size) {
            return new Query(prefix, delimiter, after, token, size);
        }

        Query from(String next) {
            return new Query(prefix, delimiter, after, next, max);
        }

        String marker() {
            return token != null ? token : after;
        }
    }

    record Listed(String key, String etag, String type, String storageClass, String owner, long size,
                  Instant modified) {
    }

    record Page(List<Listed> objects, List<String> prefixes, boolean truncated, String next) {
        List<String> keys() {
            return objects.stream().map(Listed::key).toList();
        }
    }

    /** {@code handle} is what the SDK wants back to complete the upload. */
    record Part(int number, String etag, long size, Object handle) {
    }

    record Parts(List<Part> parts, boolean truncated, int next) {
    }

    record Upload(String key, String id) {
    }

    /** What goes with an upload. */
    class Put {
        String contentType;
        String contentMd5;
        String cacheControl;
        boolean forbidOverwrite;
        Map<String, String> meta = Map.of();

        Put contentType(String value) {
            contentType = value;
            return this;
        }

        Put contentMd5(String value) {
            contentMd5 = value;
            return this;
        }

        Put cacheControl(String value) {
            cacheControl = value;
            return this;
        }

        Put forbidOverwrite() {
            forbidOverwrite = true;
            return this;
        }

        Put meta(Map<String, String> value) {
            meta = value;
            return this;
        }
    }

    /** What a presigned URL says beside the object. {@code signedHeader}: Cache-Control is signed by name (V4). */
    class Presign {
        Put put = new Put();
        boolean signedHeader;
        String versionId;
        String responseContentType;
        String responseContentDisposition;

        Presign put(Put value) {
            put = value;
            return this;
        }

        Presign signedHeader() {
            signedHeader = true;
            return this;
        }

        Presign response(String type, String disposition) {
            responseContentType = type;
            responseContentDisposition = disposition;
            return this;
        }

        Presign versionId(String value) {
            versionId = value;
            return this;
        }
    }

    /** A URL, and the headers that the request must carry as they were signed. */
    record Presigned(String url, Map<String, String> headers) {
    }

    /** {@code status} is 0 where the SDK does not tell. */
    record Failure(int status, String code, String message, String requestId, String ec) {
    }

    static Map<String, String> caseless() {
        return new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
    }

    static String unquote(String etag) {
        return etag.replaceAll("^\"|\"$", "");
    }
}
