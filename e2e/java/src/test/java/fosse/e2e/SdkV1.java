package fosse.e2e;

import com.aliyun.oss.ClientBuilderConfiguration;
import com.aliyun.oss.HttpMethod;
import com.aliyun.oss.OSS;
import com.aliyun.oss.OSSClientBuilder;
import com.aliyun.oss.OSSException;
import com.aliyun.oss.common.auth.DefaultCredentialProvider;
import com.aliyun.oss.common.comm.SignVersion;
import com.aliyun.oss.model.AbortMultipartUploadRequest;
import com.aliyun.oss.model.BucketInfo;
import com.aliyun.oss.model.CannedAccessControlList;
import com.aliyun.oss.model.CompleteMultipartUploadRequest;
import com.aliyun.oss.model.CompleteMultipartUploadResult;
import com.aliyun.oss.model.CopyObjectRequest;
import com.aliyun.oss.model.DeleteObjectsRequest;
import com.aliyun.oss.model.DownloadFileRequest;
import com.aliyun.oss.model.GeneratePresignedUrlRequest;
import com.aliyun.oss.model.GetObjectRequest;
import com.aliyun.oss.model.InitiateMultipartUploadRequest;
import com.aliyun.oss.model.InitiateMultipartUploadResult;
import com.aliyun.oss.model.ListMultipartUploadsRequest;
import com.aliyun.oss.model.ListObjectsRequest;
import com.aliyun.oss.model.ListObjectsV2Request;
import com.aliyun.oss.model.ListObjectsV2Result;
import com.aliyun.oss.model.ListPartsRequest;
import com.aliyun.oss.model.OSSObject;
import com.aliyun.oss.model.OSSObjectSummary;
import com.aliyun.oss.model.ObjectListing;
import com.aliyun.oss.model.ObjectMetadata;
import com.aliyun.oss.model.PartETag;
import com.aliyun.oss.model.PartListing;
import com.aliyun.oss.model.PutObjectRequest;
import com.aliyun.oss.model.ResponseHeaderOverrides;
import com.aliyun.oss.model.UploadFileRequest;
import com.aliyun.oss.model.UploadPartRequest;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Drives com.aliyun.oss:aliyun-sdk-oss. */
final class SdkV1 implements Sdk {
    private final OSS oss;
    private final String host;
    private final boolean virtualHosts;

    SdkV1(Variant variant, Variant.Client client) {
        host = URI.create(client.endpoint).getHost();
        Settings.resolve(host);
        ClientBuilderConfiguration configuration = new ClientBuilderConfiguration();
        configuration.setSignatureVersion(variant.v4() ? SignVersion.V4 : SignVersion.V1);
        // By default this SDK takes every name outside the provider's own domains for one that is bound to a bucket,
        // and leaves the bucket out of the request.
        configuration.setSupportCname(false);
        configuration.setSLDEnabled(client.pathStyle);
        oss = OSSClientBuilder.create().endpoint(client.endpoint).region(client.region)
            .credentialsProvider(new DefaultCredentialProvider(client.accessKeyId, client.accessKeySecret,
                client.securityToken))
            .clientConfiguration(configuration).build();
        virtualHosts = !client.pathStyle && !host.equals("localhost");
    }

    private String at(String bucket) {
        if (virtualHosts) {
            Settings.resolve(bucket + "." + host);
        }
        return bucket;
    }

    @Override
    public void createBucket(String bucket) {
        oss.createBucket(at(bucket));
    }

    @Override
    public void deleteBucket(String bucket) {
        oss.deleteBucket(at(bucket));
    }

    @Override
    public List<String> listBuckets(String prefix) {
        return oss.listBuckets(prefix, null, 1000).getBucketList().stream().map(b -> b.getName()).toList();
    }

    @Override
    public BucketFacts bucketInfo(String bucket) {
        BucketInfo info = oss.getBucketInfo(at(bucket));
        var b = info.getBucket();
        return new BucketFacts(b.getName(), b.getLocation(), info.getCannedACL().toString(),
            b.getStorageClass().toString(), b.getOwner().getId(), info.getDataRedundancyType().toString(),
            b.getExtranetEndpoint(), b.getIntranetEndpoint(), b.getCreationDate().toInstant());
    }

    @Override
    public String bucketLocation(String bucket) {
        return oss.getBucketLocation(at(bucket));
    }

    @Override
    public String bucketAcl(String bucket) {
        return oss.getBucketAcl(at(bucket)).getCannedACL().toString();
    }

    @Override
    public void setBucketAcl(String bucket, String acl) {
        oss.setBucketAcl(at(bucket), CannedAccessControlList.parse(acl));
    }

    private static ObjectMetadata metadata(Put options) {
        ObjectMetadata metadata = new ObjectMetadata();
        metadata.setUserMetadata(new java.util.HashMap<>(options.meta));
        if (options.contentType != null) {
            metadata.setContentType(options.contentType);
        }
        if (options.contentMd5 != null) {
            metadata.setContentMD5(options.contentMd5);
        }
        if (options.cacheControl != null) {
            metadata.setCacheControl(options.cacheControl);
        }
        if (options.forbidOverwrite) {
            metadata.setHeader("x-oss-forbid-overwrite", "true");
        }
        return metadata;
    }

    @Override
    public void put(String bucket, String key, byte[] body, Put options) {
        oss.putObject(new PutObjectRequest(at(bucket), key, new ByteArrayInputStream(body), metadata(options)));
    }

    @Override
    public void putStream(String bucket, String key, InputStream body) {
        oss.putObject(new PutObjectRequest(at(bucket), key, body));
    }

    @Override
    public void uploadFile(String bucket, String key, Path file, int partSize) throws Throwable {
        oss.uploadFile(new UploadFileRequest(at(bucket), key, file.toString(), partSize, 4));
    }

    @Override
    public void downloadFile(String bucket, String key, Path file, int partSize) throws Throwable {
        oss.downloadFile(new DownloadFileRequest(at(bucket), key, file.toString(), partSize, 4, false));
    }

    @Override
    public Stored get(String bucket, String key, String range) throws Exception {
        GetObjectRequest request = new GetObjectRequest(at(bucket), key);
        if (range != null) {
            String[] ends = range.substring("bytes=".length()).split("-", -1);
            request.setRange(ends[0].isEmpty() ? -1 : Long.parseLong(ends[0]),
                ends[1].isEmpty() ? -1 : Long.parseLong(ends[1]));
        }
        try (OSSObject object = oss.getObject(request)) {
            Map<String, String> headers = Sdk.caseless();
            headers.putAll(object.getResponse().getHeaders());
            return new Stored(object.getObjectContent().readAllBytes(), headers);
        }
    }

    @Override
    public void getToFile(String bucket, String key, Path file) {
        oss.getObject(new GetObjectRequest(at(bucket), key), file.toFile());
    }

    @Override
    public Stored head(String bucket, String key) {
        ObjectMetadata metadata = oss.headObject(at(bucket), key);
        Map<String, String> headers = Sdk.caseless();
        metadata.getRawMetadata().forEach((name, value) -> headers.put(name, String.valueOf(value)));
        metadata.getUserMetadata().forEach((name, value) -> headers.put("x-oss-meta-" + name, value));
        return new Stored(null, headers);
    }

    @Override
    public String copy(String sourceBucket, String sourceKey, String bucket, String key, Map<String, String> replace) {
        CopyObjectRequest request = new CopyObjectRequest(sourceBucket, sourceKey, at(bucket), key);
        if (replace != null) {
            request.setNewObjectMetadata(metadata(new Put().meta(replace)));
        }
        return oss.copyObject(request).getETag();
    }

    @Override
    public void remove(String bucket, String key) {
        oss.deleteObject(at(bucket), key);
    }

    @Override
    public List<String> removeMany(String bucket, List<String> keys, boolean quiet) {
        return oss.deleteObjects(new DeleteObjectsRequest(at(bucket)).withKeys(keys).withQuiet(quiet))
            .getDeletedObjects();
    }

    @Override
    public String objectAcl(String bucket, String key) {
        return oss.getObjectAcl(at(bucket), key).getPermission().toString();
    }

    @Override
    public void setObjectAcl(String bucket, String key, String acl) {
        oss.setObjectAcl(at(bucket), key, CannedAccessControlList.parse(acl));
    }

    private static List<Listed> listed(List<OSSObjectSummary> objects) {
        return objects.stream().map(o -> new Listed(o.getKey(), o.getETag(), o.getType(), o.getStorageClass(),
            o.getOwner() == null ? null : o.getOwner().getId(), o.getSize(), o.getLastModified().toInstant())).toList();
    }

    @Override
    public Page list(String bucket, Query query) {
        ObjectListing r = oss.listObjects(
            new ListObjectsRequest(at(bucket), query.prefix(), query.marker(), query.delimiter(), query.max()));
        return new Page(listed(r.getObjectSummaries()), r.getCommonPrefixes(), r.isTruncated(), r.getNextMarker());
    }

    @Override
    public Page listV2(String bucket, Query query) {
        ListObjectsV2Request request = new ListObjectsV2Request(at(bucket));
        request.setPrefix(query.prefix());
        request.setDelimiter(query.delimiter());
        request.setStartAfter(query.after());
        request.setContinuationToken(query.token());
        if (query.max() != null) {
            request.setMaxKeys(query.max());
        }
        ListObjectsV2Result r = oss.listObjectsV2(request);
        int size = r.getObjectSummaries().size() + r.getCommonPrefixes().size();
        if (r.getKeyCount() != size) {
            throw new AssertionError("KeyCount is " + r.getKeyCount() + ", the page holds " + size);
        }
        return new Page(listed(r.getObjectSummaries()), r.getCommonPrefixes(), r.isTruncated(),
            r.getNextContinuationToken());
    }

    @Override
    public String initiate(String bucket, String key, Put options) {
        InitiateMultipartUploadResult r = oss.initiateMultipartUpload(
            new InitiateMultipartUploadRequest(at(bucket), key, metadata(options)));
        if (!r.getBucketName().equals(bucket) || !r.getKey().equals(key)) {
            throw new AssertionError("the upload is for " + r.getBucketName() + "/" + r.getKey());
        }
        return r.getUploadId();
    }

    @Override
    public Part uploadPart(String bucket, String key, String uploadId, int number, byte[] body) {
        PartETag tag = oss.uploadPart(new UploadPartRequest(at(bucket), key, uploadId, number,
            new ByteArrayInputStream(body), body.length)).getPartETag();
        return new Part(tag.getPartNumber(), tag.getETag(), tag.getPartSize(), tag);
    }

    @Override
    public Parts listParts(String bucket, String key, String uploadId, int max, int after) {
        ListPartsRequest request = new ListPartsRequest(at(bucket), key, uploadId);
        request.setMaxParts(max);
        if (after > 0) {
            request.setPartNumberMarker(after);
        }
        PartListing r = oss.listParts(request);
        return new Parts(r.getParts().stream().map(p -> new Part(p.getPartNumber(), p.getETag(), p.getSize(), null))
            .toList(), r.isTruncated(), r.getNextPartNumberMarker());
    }

    @Override
    public List<Upload> listUploads(String bucket, String prefix) {
        ListMultipartUploadsRequest request = new ListMultipartUploadsRequest(at(bucket));
        request.setPrefix(prefix);
        return oss.listMultipartUploads(request).getMultipartUploads().stream()
            .map(u -> new Upload(u.getKey(), u.getUploadId())).toList();
    }

    @Override
    public String complete(String bucket, String key, String uploadId, List<Part> parts) {
        List<PartETag> tags = new java.util.ArrayList<>();
        for (Part part : parts) {
            PartETag tag = (PartETag) part.handle();
            // Parts that a test makes up have another number or ETag than the part that was uploaded.
            tags.add(tag.getPartNumber() == part.number() && tag.getETag().equals(part.etag())
                ? tag : new PartETag(part.number(), part.etag()));
        }
        CompleteMultipartUploadResult r = oss.completeMultipartUpload(
            new CompleteMultipartUploadRequest(at(bucket), key, uploadId, tags));
        if (!r.getKey().equals(key)) {
            throw new AssertionError("completed " + r.getKey());
        }
        return r.getETag();
    }

    @Override
    public void abort(String bucket, String key, String uploadId) {
        oss.abortMultipartUpload(new AbortMultipartUploadRequest(at(bucket), key, uploadId));
    }

    @Override
    public Presigned presign(String method, String bucket, String key, Duration life, Presign options) {
        GeneratePresignedUrlRequest request =
            new GeneratePresignedUrlRequest(at(bucket), key, HttpMethod.valueOf(method));
        request.setExpiration(Date.from(Instant.now().plus(life)));
        // This SDK returns only the URL; the caller has to know what was signed.
        Map<String, String> headers = Sdk.caseless();
        Put put = options.put;
        if (put.contentType != null) {
            request.setContentType(put.contentType);
            headers.put("Content-Type", put.contentType);
        }
        if (put.contentMd5 != null) {
            request.setContentMD5(put.contentMd5);
            headers.put("Content-MD5", put.contentMd5);
        }
        put.meta.forEach((name, value) -> {
            request.addUserMetadata(name, value);
            headers.put("x-oss-meta-" + name, value);
        });
        if (put.cacheControl != null) {
            request.addHeader("Cache-Control", put.cacheControl);
            headers.put("Cache-Control", put.cacheControl);
        }
        if (options.signedHeader) {
            request.addAdditionalHeaderName("Cache-Control");
        }
        if (options.versionId != null) {
            request.addQueryParameter("versionId", options.versionId);
        }
        ResponseHeaderOverrides overrides = new ResponseHeaderOverrides();
        overrides.setContentType(options.responseContentType);
        overrides.setContentDisposition(options.responseContentDisposition);
        request.setResponseHeaders(overrides);
        return new Presigned(oss.generatePresignedUrl(request).toString(), headers);
    }

    @Override
    public Optional<Failure> failure(Throwable thrown) {
        return thrown instanceof OSSException e
            ? Optional.of(new Failure(0, e.getErrorCode(), e.getErrorMessage(), e.getRequestId(), e.getEC()))
            : Optional.empty();
    }

    @Override
    public void close() {
        oss.shutdown();
    }
}
