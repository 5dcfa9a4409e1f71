package fosse.e2e;

import com.aliyun.sdk.service.oss2.OSSClient;
import com.aliyun.sdk.service.oss2.OSSClientBuilder;
import com.aliyun.sdk.service.oss2.PresignOptions;
import com.aliyun.sdk.service.oss2.credentials.StaticCredentialsProvider;
import com.aliyun.sdk.service.oss2.exceptions.ServiceException;
import com.aliyun.sdk.service.oss2.models.AbortMultipartUploadRequest;
import com.aliyun.sdk.service.oss2.models.CompleteMultipartUpload;
import com.aliyun.sdk.service.oss2.models.CompleteMultipartUploadRequest;
import com.aliyun.sdk.service.oss2.models.CopyObjectRequest;
import com.aliyun.sdk.service.oss2.models.DeleteBucketRequest;
import com.aliyun.sdk.service.oss2.models.DeleteMultipleObjectsRequest;
import com.aliyun.sdk.service.oss2.models.DeleteObject;
import com.aliyun.sdk.service.oss2.models.DeleteObjectRequest;
import com.aliyun.sdk.service.oss2.models.GetBucketAclRequest;
import com.aliyun.sdk.service.oss2.models.GetBucketInfoRequest;
import com.aliyun.sdk.service.oss2.models.GetBucketLocationRequest;
import com.aliyun.sdk.service.oss2.models.GetObjectAclRequest;
import com.aliyun.sdk.service.oss2.models.GetObjectRequest;
import com.aliyun.sdk.service.oss2.models.GetObjectResult;
import com.aliyun.sdk.service.oss2.models.HeadObjectRequest;
import com.aliyun.sdk.service.oss2.models.InitiateMultipartUploadRequest;
import com.aliyun.sdk.service.oss2.models.ListBucketsRequest;
import com.aliyun.sdk.service.oss2.models.ListMultipartUploadsRequest;
import com.aliyun.sdk.service.oss2.models.ListObjectsRequest;
import com.aliyun.sdk.service.oss2.models.ListObjectsV2Request;
import com.aliyun.sdk.service.oss2.models.ListPartsRequest;
import com.aliyun.sdk.service.oss2.models.ObjectSummary;
import com.aliyun.sdk.service.oss2.models.PresignResult;
import com.aliyun.sdk.service.oss2.models.PutBucketAclRequest;
import com.aliyun.sdk.service.oss2.models.PutBucketRequest;
import com.aliyun.sdk.service.oss2.models.PutObjectAclRequest;
import com.aliyun.sdk.service.oss2.models.PutObjectRequest;
import com.aliyun.sdk.service.oss2.models.UploadPartRequest;
import com.aliyun.sdk.service.oss2.transfermanager.Downloader;
import com.aliyun.sdk.service.oss2.transfermanager.DownloaderOptions;
import com.aliyun.sdk.service.oss2.transfermanager.Uploader;
import com.aliyun.sdk.service.oss2.transfermanager.UploaderOptions;
import com.aliyun.sdk.service.oss2.transport.BinaryData;
import java.io.InputStream;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Drives com.aliyun:alibabacloud-oss-v2. */
final class SdkV2 implements Sdk {
    private final Variant variant;
    private final Variant.Client settings;
    private final OSSClient oss;
    private final String host;
    private final boolean virtualHosts;

    SdkV2(Variant variant, Variant.Client client) {
        this.variant = variant;
        settings = client;
        host = URI.create(client.endpoint).getHost();
        Settings.resolve(host);
        oss = builder().build();
        virtualHosts = !client.pathStyle && !host.equals("localhost");
    }

    private static StaticCredentialsProvider credentials(Variant.Client client) {
        return client.securityToken == null
            ? new StaticCredentialsProvider(client.accessKeyId, client.accessKeySecret)
            : new StaticCredentialsProvider(client.accessKeyId, client.accessKeySecret, client.securityToken);
    }

    private OSSClientBuilder builder() {
        OSSClientBuilder builder = OSSClient.newBuilder();
        builder.endpoint(settings.endpoint);
        builder.region(settings.region);
        builder.credentialsProvider(credentials(settings));
        builder.signatureVersion(variant.v4() ? "v4" : "v1");
        if (settings.pathStyle) {
            builder.usePathStyle(true);
        }
        return builder;
    }

    private String at(String bucket) {
        if (virtualHosts) {
            Settings.resolve(bucket + "." + host);
        }
        return bucket;
    }

    @Override
    public void createBucket(String bucket) {
        oss.putBucket(PutBucketRequest.newBuilder().bucket(at(bucket)).build());
    }

    @Override
    public void deleteBucket(String bucket) {
        oss.deleteBucket(DeleteBucketRequest.newBuilder().bucket(at(bucket)).build());
    }

    @Override
    public List<String> listBuckets(String prefix) {
        ListBucketsRequest.Builder request = ListBucketsRequest.newBuilder().maxKeys(1000L);
        Optional.ofNullable(prefix).ifPresent(request::prefix);
        return oss.listBuckets(request.build()).buckets().stream().map(b -> b.name()).toList();
    }

    @Override
    public BucketFacts bucketInfo(String bucket) {
        var b = oss.getBucketInfo(GetBucketInfoRequest.newBuilder().bucket(at(bucket)).build()).bucketInfo();
        return new BucketFacts(b.name(), b.location(), b.accessControlList().grant(), b.storageClass(), b.owner().id(),
            b.dataRedundancyType(), b.extranetEndpoint(), b.intranetEndpoint(), b.creationDate());
    }

    @Override
    public String bucketLocation(String bucket) {
        return oss.getBucketLocation(GetBucketLocationRequest.newBuilder().bucket(at(bucket)).build())
            .locationConstraint();
    }

    @Override
    public String bucketAcl(String bucket) {
        return oss.getBucketAcl(GetBucketAclRequest.newBuilder().bucket(at(bucket)).build())
            .accessControlPolicy().accessControlList().grant();
    }

    @Override
    public void setBucketAcl(String bucket, String acl) {
        oss.putBucketAcl(PutBucketAclRequest.newBuilder().bucket(at(bucket)).acl(acl).build());
    }

    private PutObjectRequest.Builder putRequest(String bucket, String key, Put options) {
        PutObjectRequest.Builder request = PutObjectRequest.newBuilder().bucket(at(bucket)).key(key);
        if (!options.meta.isEmpty()) {
            request.metadata(options.meta);
        }
        if (options.contentType != null) {
            request.contentType(options.contentType);
        }
        if (options.contentMd5 != null) {
            request.contentMd5(options.contentMd5);
        }
        if (options.cacheControl != null) {
            request.cacheControl(options.cacheControl);
        }
        if (options.forbidOverwrite) {
            request.forbidOverwrite(true);
        }
        return request;
    }

    @Override
    public void put(String bucket, String key, byte[] body, Put options) {
        oss.putObject(putRequest(bucket, key, options).body(BinaryData.fromBytes(body)).build());
    }

    @Override
    public void putStream(String bucket, String key, InputStream body) {
        oss.putObject(putRequest(bucket, key, new Put()).body(BinaryData.fromStream(body)).build());
    }

    @Override
    public void uploadFile(String bucket, String key, Path file, int partSize) throws Exception {
        new Uploader(oss, UploaderOptions.newBuilder().partSize(partSize).parallelNum(4).build())
            .uploadFile(putRequest(bucket, key, new Put()).build(), file.toString());
    }

    @Override
    public void downloadFile(String bucket, String key, Path file, int partSize) throws Exception {
        new Downloader(oss, DownloaderOptions.newBuilder().partSize(partSize).parallelNum(4).build())
            .downloadFile(GetObjectRequest.newBuilder().bucket(at(bucket)).key(key).build(), file.toString());
    }

    @Override
    public Stored get(String bucket, String key, String range) throws Exception {
        GetObjectRequest.Builder request = GetObjectRequest.newBuilder().bucket(at(bucket)).key(key);
        if (range != null) {
            request.range(range);
        }
        try (GetObjectResult r = oss.getObject(request.build())) {
            return new Stored(r.body().readAllBytes(), caseless(r.headers()));
        }
    }

    private static Map<String, String> caseless(Map<String, String> headers) {
        Map<String, String> out = Sdk.caseless();
        out.putAll(headers);
        return out;
    }

    @Override
    public void getToFile(String bucket, String key, Path file) {
        oss.getObjectToFile(GetObjectRequest.newBuilder().bucket(at(bucket)).key(key).build(), file);
    }

    @Override
    public Stored head(String bucket, String key) {
        return new Stored(null,
            caseless(oss.headObject(HeadObjectRequest.newBuilder().bucket(at(bucket)).key(key).build()).headers()));
    }

    @Override
    public String copy(String sourceBucket, String sourceKey, String bucket, String key, Map<String, String> replace) {
        CopyObjectRequest.Builder request = CopyObjectRequest.newBuilder().bucket(at(bucket)).key(key)
            .sourceBucket(sourceBucket).sourceKey(sourceKey);
        if (replace != null) {
            request.metadataDirective("REPLACE").metadata(replace);
        }
        return oss.copyObject(request.build()).eTag();
    }

    @Override
    public void remove(String bucket, String key) {
        oss.deleteObject(DeleteObjectRequest.newBuilder().bucket(at(bucket)).key(key).build());
    }

    @Override
    public List<String> removeMany(String bucket, List<String> keys, boolean quiet) {
        var r = oss.deleteMultipleObjects(DeleteMultipleObjectsRequest.newBuilder().bucket(at(bucket)).quiet(quiet)
            .deleteObjects(keys.stream().map(k -> DeleteObject.newBuilder().key(k).build()).toList()).build());
        return r.deletedObjects() == null ? List.of() : r.deletedObjects().stream().map(d -> d.key()).toList();
    }

    @Override
    public String objectAcl(String bucket, String key) {
        return oss.getObjectAcl(GetObjectAclRequest.newBuilder().bucket(at(bucket)).key(key).build())
            .accessControlPolicy().accessControlList().grant();
    }

    @Override
    public void setObjectAcl(String bucket, String key, String acl) {
        oss.putObjectAcl(PutObjectAclRequest.newBuilder().bucket(at(bucket)).key(key).objectAcl(acl).build());
    }

    private static List<Listed> listed(List<ObjectSummary> objects) {
        return objects == null ? List.of() : objects.stream().map(o -> new Listed(o.key(), o.eTag(), o.type(),
            o.storageClass(), o.owner() == null ? null : o.owner().id(), o.size(), o.lastModified())).toList();
    }

    private static List<String> prefixes(List<com.aliyun.sdk.service.oss2.models.CommonPrefix> prefixes) {
        return prefixes == null ? List.of() : prefixes.stream().map(p -> p.prefix()).toList();
    }

    @Override
    public Page list(String bucket, Query query) {
        ListObjectsRequest.Builder request = ListObjectsRequest.newBuilder().bucket(at(bucket));
        Optional.ofNullable(query.prefix()).ifPresent(request::prefix);
        Optional.ofNullable(query.delimiter()).ifPresent(request::delimiter);
        Optional.ofNullable(query.marker()).ifPresent(request::marker);
        Optional.ofNullable(query.max()).ifPresent(max -> request.maxKeys(max.longValue()));
        var r = oss.listObjects(request.build());
        return new Page(listed(r.contents()), prefixes(r.commonPrefixes()), r.isTruncated(), r.nextMarker());
    }

    @Override
    public Page listV2(String bucket, Query query) {
        ListObjectsV2Request.Builder request = ListObjectsV2Request.newBuilder().bucket(at(bucket));
        Optional.ofNullable(query.prefix()).ifPresent(request::prefix);
        Optional.ofNullable(query.delimiter()).ifPresent(request::delimiter);
        Optional.ofNullable(query.after()).ifPresent(request::startAfter);
        Optional.ofNullable(query.token()).ifPresent(request::continuationToken);
        Optional.ofNullable(query.max()).ifPresent(max -> request.maxKeys(max.longValue()));
        var r = oss.listObjectsV2(request.build());
        Page page = new Page(listed(r.contents()), prefixes(r.commonPrefixes()), r.isTruncated(),
            r.nextContinuationToken());
        int size = page.objects().size() + page.prefixes().size();
        if (r.keyCount() != size) {
            throw new AssertionError("KeyCount is " + r.keyCount() + ", the page holds " + size);
        }
        return page;
    }

    @Override
    public String initiate(String bucket, String key, Put options) {
        InitiateMultipartUploadRequest.Builder request =
            InitiateMultipartUploadRequest.newBuilder().bucket(at(bucket)).key(key);
        if (options.contentType != null) {
            request.contentType(options.contentType);
        }
        if (!options.meta.isEmpty()) {
            request.metadata(options.meta);
        }
        var r = oss.initiateMultipartUpload(request.build()).initiateMultipartUpload();
        if (!r.bucket().equals(bucket) || !r.key().equals(key)) {
            throw new AssertionError("the upload is for " + r.bucket() + "/" + r.key());
        }
        return r.uploadId();
    }

    @Override
    public Part uploadPart(String bucket, String key, String uploadId, int number, byte[] body) {
        var r = oss.uploadPart(UploadPartRequest.newBuilder().bucket(at(bucket)).key(key).uploadId(uploadId)
            .partNumber((long) number).body(BinaryData.fromBytes(body)).build());
        return new Part(number, r.eTag(), body.length, null);
    }

    @Override
    public Parts listParts(String bucket, String key, String uploadId, int max, int after) {
        var r = oss.listParts(ListPartsRequest.newBuilder().bucket(at(bucket)).key(key).uploadId(uploadId)
            .maxParts((long) max).partNumberMarker((long) after).build());
        return new Parts(r.parts() == null ? List.of() : r.parts().stream()
            .map(p -> new Part(p.partNumber().intValue(), p.eTag(), p.size(), null)).toList(),
            r.isTruncated(), r.nextPartNumberMarker().intValue());
    }

    @Override
    public List<Upload> listUploads(String bucket, String prefix) {
        ListMultipartUploadsRequest.Builder request = ListMultipartUploadsRequest.newBuilder().bucket(at(bucket));
        Optional.ofNullable(prefix).ifPresent(request::prefix);
        var uploads = oss.listMultipartUploads(request.build()).uploads();
        return uploads == null ? List.of() : uploads.stream().map(u -> new Upload(u.key(), u.uploadId())).toList();
    }

    @Override
    public String complete(String bucket, String key, String uploadId, List<Part> parts) {
        var r = oss.completeMultipartUpload(CompleteMultipartUploadRequest.newBuilder().bucket(at(bucket)).key(key)
            .uploadId(uploadId).completeMultipartUpload(CompleteMultipartUpload.newBuilder().parts(parts.stream()
                .map(p -> com.aliyun.sdk.service.oss2.models.Part.newBuilder().partNumber((long) p.number())
                    .eTag(p.etag()).build()).toList()).build()).build()).completeMultipartUpload();
        if (!r.key().equals(key)) {
            throw new AssertionError("completed " + r.key());
        }
        return r.eTag();
    }

    @Override
    public void abort(String bucket, String key, String uploadId) {
        oss.abortMultipartUpload(
            AbortMultipartUploadRequest.newBuilder().bucket(at(bucket)).key(key).uploadId(uploadId).build());
    }

    @Override
    public Presigned presign(String method, String bucket, String key, Duration life, Presign options) {
        if (options.signedHeader) {
            // The names of additional signed headers belong to the client, not to the call.
            OSSClientBuilder builder = builder();
            builder.additionalHeaders(List.of("Cache-Control"));
            try (OSSClient signing = builder.build()) {
                return presign(signing, method, bucket, key, life, options);
            } catch (Exception e) {
                throw e instanceof RuntimeException r ? r : new IllegalStateException(e);
            }
        }
        return presign(oss, method, bucket, key, life, options);
    }

    private Presigned presign(OSSClient client, String method, String bucket, String key, Duration life,
                              Presign options) {
        PresignOptions expiry = PresignOptions.newBuilder().expiration(life).build();
        PresignResult r = switch (method) {
            case "GET" -> {
                GetObjectRequest.Builder request = GetObjectRequest.newBuilder().bucket(at(bucket)).key(key);
                Optional.ofNullable(options.versionId).ifPresent(request::versionId);
                Optional.ofNullable(options.responseContentType).ifPresent(request::responseContentType);
                Optional.ofNullable(options.responseContentDisposition).ifPresent(request::responseContentDisposition);
                yield client.presign(request.build(), expiry);
            }
            case "HEAD" -> client.presign(HeadObjectRequest.newBuilder().bucket(at(bucket)).key(key).build(), expiry);
            case "PUT" -> client.presign(putRequest(bucket, key, options.put).build(), expiry);
            default -> throw new IllegalArgumentException("this SDK does not presign " + method);
        };
        if (!r.method().equals(method)) {
            throw new AssertionError("signed for " + r.method());
        }
        return new Presigned(r.url(), caseless(r.signedHeaders().orElse(Map.of())));
    }

    @Override
    public Optional<Failure> failure(Throwable thrown) {
        return Optional.ofNullable(ServiceException.asCause(thrown))
            .map(e -> new Failure(e.statusCode(), e.errorCode(), e.errorMessage(), e.requestId(), e.ec()));
    }

    @Override
    public void close() throws Exception {
        oss.close();
    }
}
