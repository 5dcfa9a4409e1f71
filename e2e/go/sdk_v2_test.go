package e2e

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/aliyun/alibabacloud-oss-go-sdk-v2/oss"
	"github.com/aliyun/alibabacloud-oss-go-sdk-v2/oss/credentials"
)

// v2 drives github.com/aliyun/alibabacloud-oss-go-sdk-v2.
type v2 struct{ c *oss.Client }

func openV2(o clientOptions) sdk {
	cfg := oss.LoadDefaultConfig().
		WithEndpoint(o.endpoint).
		WithRegion(o.region).
		WithCredentialsProvider(credentials.NewStaticCredentialsProvider(o.accessKeyID, o.accessKeySecret)).
		WithSignatureVersion(oss.SignatureVersionV4)
	if o.signature == "V1" {
		cfg.WithSignatureVersion(oss.SignatureVersionV1)
	}
	if o.pathStyle {
		cfg.WithUsePathStyle(true)
	}
	if o.http != nil {
		cfg.WithHttpClient(o.http)
	}
	if o.additionalHeaders != nil {
		cfg.WithAdditionalHeaders(o.additionalHeaders)
	}
	return &v2{oss.NewClient(cfg)}
}

var background = context.Background()

func opt(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func (s *v2) createBucket(bucket string) error {
	_, err := s.c.PutBucket(background, &oss.PutBucketRequest{Bucket: &bucket})
	return err
}

func (s *v2) deleteBucket(bucket string) error {
	_, err := s.c.DeleteBucket(background, &oss.DeleteBucketRequest{Bucket: &bucket})
	return err
}

func (s *v2) listBuckets(prefix string) ([]string, error) {
	var names []string
	for p := s.c.NewListBucketsPaginator(&oss.ListBucketsRequest{Prefix: &prefix}); p.HasNext(); {
		page, err := p.NextPage(background)
		if err != nil {
			return nil, err
		}
		for _, b := range page.Buckets {
			names = append(names, *b.Name)
		}
	}
	return names, nil
}

func (s *v2) bucketInfo(bucket string) (bucketFacts, error) {
	r, err := s.c.GetBucketInfo(background, &oss.GetBucketInfoRequest{Bucket: &bucket})
	if err != nil {
		return bucketFacts{}, err
	}
	b := r.BucketInfo
	return bucketFacts{
		name: oss.ToString(b.Name), location: oss.ToString(b.Location), acl: oss.ToString(b.ACL),
		storageClass: oss.ToString(b.StorageClass), owner: oss.ToString(b.Owner.ID),
		redundancy: oss.ToString(b.DataRedundancyType), extranet: oss.ToString(b.ExtranetEndpoint),
		intranet: oss.ToString(b.IntranetEndpoint), created: oss.ToTime(b.CreationDate),
	}, nil
}

func (s *v2) bucketLocation(bucket string) (string, error) {
	r, err := s.c.GetBucketLocation(background, &oss.GetBucketLocationRequest{Bucket: &bucket})
	if err != nil {
		return "", err
	}
	return oss.ToString(r.LocationConstraint), nil
}

func (s *v2) bucketACL(bucket string) (string, error) {
	r, err := s.c.GetBucketAcl(background, &oss.GetBucketAclRequest{Bucket: &bucket})
	if err != nil {
		return "", err
	}
	return oss.ToString(r.ACL), nil
}

func (s *v2) setBucketACL(bucket, acl string) error {
	_, err := s.c.PutBucketAcl(background, &oss.PutBucketAclRequest{Bucket: &bucket, Acl: oss.BucketACLType(acl)})
	return err
}

func (s *v2) putRequest(bucket, key string, o putOptions) *oss.PutObjectRequest {
	r := &oss.PutObjectRequest{
		Bucket: &bucket, Key: &key, Metadata: o.meta,
		ContentType: opt(o.contentType), ContentMD5: opt(o.contentMD5), CacheControl: opt(o.cacheControl),
	}
	if o.forbidOverwrite {
		r.ForbidOverwrite = oss.Ptr("true")
	}
	return r
}

func (s *v2) put(bucket, key string, body []byte, o putOptions) error {
	r := s.putRequest(bucket, key, o)
	r.Body = bytes.NewReader(body)
	_, err := s.c.PutObject(background, r)
	return err
}

func (s *v2) get(bucket, key, byteRange string) (object, error) {
	r, err := s.c.GetObject(background, &oss.GetObjectRequest{Bucket: &bucket, Key: &key, Range: opt(byteRange)})
	if err != nil {
		return object{}, err
	}
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	return object{body: body, header: r.Headers}, err
}

func (s *v2) getToFile(bucket, key, path string) error {
	_, err := s.c.GetObjectToFile(background, &oss.GetObjectRequest{Bucket: &bucket, Key: &key}, path)
	return err
}

func (s *v2) head(bucket, key string) (object, error) {
	r, err := s.c.HeadObject(background, &oss.HeadObjectRequest{Bucket: &bucket, Key: &key})
	if err != nil {
		return object{}, err
	}
	return object{header: r.Headers}, nil
}

func (s *v2) copyObject(srcBucket, srcKey, bucket, key string, replace map[string]string) (string, error) {
	r := &oss.CopyObjectRequest{Bucket: &bucket, Key: &key, SourceBucket: &srcBucket, SourceKey: &srcKey}
	if replace != nil {
		r.MetadataDirective = oss.Ptr("REPLACE")
		r.Metadata = replace
	}
	out, err := s.c.CopyObject(background, r)
	if err != nil {
		return "", err
	}
	return oss.ToString(out.ETag), nil
}

func (s *v2) remove(bucket, key string) error {
	_, err := s.c.DeleteObject(background, &oss.DeleteObjectRequest{Bucket: &bucket, Key: &key})
	return err
}

func (s *v2) removeMany(bucket string, keys []string, quiet bool) ([]string, error) {
	r := &oss.DeleteMultipleObjectsRequest{Bucket: &bucket, Quiet: quiet}
	for _, k := range keys {
		r.Objects = append(r.Objects, oss.DeleteObject{Key: oss.Ptr(k)})
	}
	out, err := s.c.DeleteMultipleObjects(background, r)
	if err != nil {
		return nil, err
	}
	var gone []string
	for _, d := range out.DeletedObjects {
		gone = append(gone, *d.Key)
	}
	return gone, nil
}

func (s *v2) objectACL(bucket, key string) (string, error) {
	r, err := s.c.GetObjectAcl(background, &oss.GetObjectAclRequest{Bucket: &bucket, Key: &key})
	if err != nil {
		return "", err
	}
	return oss.ToString(r.ACL), nil
}

func (s *v2) setObjectACL(bucket, key, acl string) error {
	_, err := s.c.PutObjectAcl(background, &oss.PutObjectAclRequest{Bucket: &bucket, Key: &key, Acl: oss.ObjectACLType(acl)})
	return err
}

func listedV2(contents []oss.ObjectProperties) []listed {
	var out []listed
	for _, o := range contents {
		l := listed{
			key: oss.ToString(o.Key), etag: oss.ToString(o.ETag), kind: oss.ToString(o.Type),
			storageClass: oss.ToString(o.StorageClass), size: o.Size, modified: oss.ToTime(o.LastModified),
		}
		if o.Owner != nil {
			l.owner = oss.ToString(o.Owner.ID)
		}
		out = append(out, l)
	}
	return out
}

func (s *v2) list(bucket string, q listQuery) (listPage, error) {
	r, err := s.c.ListObjects(background, &oss.ListObjectsRequest{
		Bucket: &bucket, Prefix: opt(q.prefix), Delimiter: opt(q.delimiter), Marker: opt(q.marker()), MaxKeys: int32(q.max),
	})
	if err != nil {
		return listPage{}, err
	}
	page := listPage{objects: listedV2(r.Contents), truncated: r.IsTruncated, next: oss.ToString(r.NextMarker)}
	for _, p := range r.CommonPrefixes {
		page.prefixes = append(page.prefixes, oss.ToString(p.Prefix))
	}
	return page, nil
}

func (s *v2) listV2(bucket string, q listQuery) (listPage, error) {
	r, err := s.c.ListObjectsV2(background, &oss.ListObjectsV2Request{
		Bucket: &bucket, Prefix: opt(q.prefix), Delimiter: opt(q.delimiter), StartAfter: opt(q.after),
		ContinuationToken: opt(q.token), MaxKeys: int32(q.max),
	})
	if err != nil {
		return listPage{}, err
	}
	if want := len(r.Contents) + len(r.CommonPrefixes); r.KeyCount != want {
		return listPage{}, fmt.Errorf("KeyCount is %d, the page holds %d", r.KeyCount, want)
	}
	page := listPage{objects: listedV2(r.Contents), truncated: r.IsTruncated, next: oss.ToString(r.NextContinuationToken)}
	for _, p := range r.CommonPrefixes {
		page.prefixes = append(page.prefixes, oss.ToString(p.Prefix))
	}
	return page, nil
}

func (s *v2) initiate(bucket, key string, o putOptions) (string, error) {
	r, err := s.c.InitiateMultipartUpload(background, &oss.InitiateMultipartUploadRequest{
		Bucket: &bucket, Key: &key, ContentType: opt(o.contentType), Metadata: o.meta,
	})
	if err != nil {
		return "", err
	}
	if oss.ToString(r.Bucket) != bucket || oss.ToString(r.Key) != key {
		return "", fmt.Errorf("the upload is for %s/%q", oss.ToString(r.Bucket), oss.ToString(r.Key))
	}
	return oss.ToString(r.UploadId), nil
}

func (s *v2) uploadPart(bucket, key, uploadID string, number int, body []byte) (string, error) {
	r, err := s.c.UploadPart(background, &oss.UploadPartRequest{
		Bucket: &bucket, Key: &key, UploadId: &uploadID, PartNumber: int32(number), Body: bytes.NewReader(body),
	})
	if err != nil {
		return "", err
	}
	return oss.ToString(r.ETag), nil
}

func (s *v2) listParts(bucket, key, uploadID string, max, after int) (partPage, error) {
	r, err := s.c.ListParts(background, &oss.ListPartsRequest{
		Bucket: &bucket, Key: &key, UploadId: &uploadID, MaxParts: int32(max), PartNumberMarker: int32(after),
	})
	if err != nil {
		return partPage{}, err
	}
	page := partPage{truncated: r.IsTruncated, next: int(r.NextPartNumberMarker)}
	for _, p := range r.Parts {
		page.parts = append(page.parts, part{number: int(p.PartNumber), etag: oss.ToString(p.ETag), size: p.Size})
	}
	return page, nil
}

func (s *v2) listUploads(bucket, prefix string) ([]upload, error) {
	r, err := s.c.ListMultipartUploads(background, &oss.ListMultipartUploadsRequest{Bucket: &bucket, Prefix: opt(prefix)})
	if err != nil {
		return nil, err
	}
	var out []upload
	for _, u := range r.Uploads {
		out = append(out, upload{oss.ToString(u.Key), oss.ToString(u.UploadId)})
	}
	return out, nil
}

func (s *v2) complete(bucket, key, uploadID string, parts []part) (string, error) {
	var body oss.CompleteMultipartUpload
	for _, p := range parts {
		body.Parts = append(body.Parts, oss.UploadPart{PartNumber: int32(p.number), ETag: oss.Ptr(p.etag)})
	}
	r, err := s.c.CompleteMultipartUpload(background, &oss.CompleteMultipartUploadRequest{
		Bucket: &bucket, Key: &key, UploadId: &uploadID, CompleteMultipartUpload: &body,
	})
	if err != nil {
		return "", err
	}
	if oss.ToString(r.Key) != key {
		return "", fmt.Errorf("completed %q", oss.ToString(r.Key))
	}
	return oss.ToString(r.ETag), nil
}

func (s *v2) abort(bucket, key, uploadID string) error {
	_, err := s.c.AbortMultipartUpload(background, &oss.AbortMultipartUploadRequest{Bucket: &bucket, Key: &key, UploadId: &uploadID})
	return err
}

func (s *v2) presign(method, bucket, key string, life time.Duration, o presignOptions) (presigned, error) {
	var request any
	switch method {
	case http.MethodGet:
		request = &oss.GetObjectRequest{
			Bucket: &bucket, Key: &key, VersionId: opt(o.versionID),
			ResponseContentType: opt(o.responseContentType), ResponseContentDisposition: opt(o.responseContentDisposition),
		}
	case http.MethodHead:
		request = &oss.HeadObjectRequest{Bucket: &bucket, Key: &key, VersionId: opt(o.versionID)}
	case http.MethodPut:
		request = s.putRequest(bucket, key, o.putOptions)
	default:
		return presigned{}, fmt.Errorf("this SDK does not presign %s", method)
	}
	r, err := s.c.Presign(background, request, oss.PresignExpires(life))
	if err != nil {
		return presigned{}, err
	}
	if r.Method != method {
		return presigned{}, fmt.Errorf("signed for %s", r.Method)
	}
	return presigned{url: r.URL, headers: r.SignedHeaders}, nil
}

func (s *v2) failure(err error) (serviceFailure, bool) {
	var e *oss.ServiceError
	if !errors.As(err, &e) {
		return serviceFailure{}, false
	}
	return serviceFailure{status: e.StatusCode, code: e.Code, message: e.Message, requestID: e.RequestID, ec: e.EC}, true
}

func (s *v2) putStream(bucket, key string, body io.Reader) error {
	_, err := s.c.PutObject(background, &oss.PutObjectRequest{Bucket: &bucket, Key: &key, Body: body})
	return err
}

func (s *v2) uploadFile(bucket, key, path string, partSize int64) error {
	u := s.c.NewUploader(func(o *oss.UploaderOptions) { o.PartSize, o.ParallelNum = partSize, 4 })
	_, err := u.UploadFile(background, &oss.PutObjectRequest{Bucket: &bucket, Key: &key}, path)
	return err
}

func (s *v2) downloadFile(bucket, key, path string, partSize int64) error {
	d := s.c.NewDownloader(func(o *oss.DownloaderOptions) { o.PartSize, o.ParallelNum = partSize, 4 })
	_, err := d.DownloadFile(background, &oss.GetObjectRequest{Bucket: &bucket, Key: &key}, path)
	return err
}
