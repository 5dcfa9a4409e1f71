package e2e

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/aliyun/aliyun-oss-go-sdk/oss"
)

// v1 drives github.com/aliyun/aliyun-oss-go-sdk.
type v1 struct{ c *oss.Client }

func openV1(o clientOptions) sdk {
	options := []oss.ClientOption{oss.AuthVersion(oss.AuthV1)}
	if o.signature == "V4" {
		options = []oss.ClientOption{oss.AuthVersion(oss.AuthV4), oss.Region(o.region)}
	}
	if o.pathStyle {
		options = append(options, oss.ForcePathStyle(true))
	}
	if o.http != nil {
		options = append(options, oss.HTTPClient(o.http))
	}
	if o.additionalHeaders != nil {
		options = append(options, oss.AdditionalHeaders(o.additionalHeaders))
	}
	c, err := oss.New(o.endpoint, o.accessKeyID, o.accessKeySecret, options...)
	if err != nil {
		// Only a malformed endpoint gets here: a fault of the test run, not of a test.
		panic(err)
	}
	return &v1{c}
}

// bucket is a local handle, no request is made.
func (s *v1) bucket(name string) *oss.Bucket {
	return &oss.Bucket{Client: *s.c, BucketName: name}
}

func (s *v1) createBucket(bucket string) error { return s.c.CreateBucket(bucket) }
func (s *v1) deleteBucket(bucket string) error { return s.c.DeleteBucket(bucket) }

func (s *v1) listBuckets(prefix string) ([]string, error) {
	var names []string
	for marker := ""; ; {
		r, err := s.c.ListBuckets(oss.Prefix(prefix), oss.Marker(marker))
		if err != nil {
			return nil, err
		}
		for _, b := range r.Buckets {
			names = append(names, b.Name)
		}
		if !r.IsTruncated {
			return names, nil
		}
		marker = r.NextMarker
	}
}

func (s *v1) bucketInfo(bucket string) (bucketFacts, error) {
	r, err := s.c.GetBucketInfo(bucket)
	if err != nil {
		return bucketFacts{}, err
	}
	b := r.BucketInfo
	return bucketFacts{
		name: b.Name, location: b.Location, acl: b.ACL, storageClass: b.StorageClass, owner: b.Owner.ID,
		redundancy: b.RedundancyType, extranet: b.ExtranetEndpoint, intranet: b.IntranetEndpoint, created: b.CreationDate,
	}, nil
}

func (s *v1) bucketLocation(bucket string) (string, error) { return s.c.GetBucketLocation(bucket) }

func (s *v1) bucketACL(bucket string) (string, error) {
	r, err := s.c.GetBucketACL(bucket)
	return r.ACL, err
}

func (s *v1) setBucketACL(bucket, acl string) error {
	return s.c.SetBucketACL(bucket, oss.ACLType(acl))
}

func putOptionsV1(o putOptions) []oss.Option {
	var out []oss.Option
	if o.contentType != "" {
		out = append(out, oss.ContentType(o.contentType))
	}
	if o.contentMD5 != "" {
		out = append(out, oss.ContentMD5(o.contentMD5))
	}
	if o.cacheControl != "" {
		out = append(out, oss.CacheControl(o.cacheControl))
	}
	if o.forbidOverwrite {
		out = append(out, oss.ForbidOverWrite(true))
	}
	for k, v := range o.meta {
		out = append(out, oss.Meta(k, v))
	}
	return out
}

func (s *v1) put(bucket, key string, body []byte, o putOptions) error {
	return s.bucket(bucket).PutObject(key, bytes.NewReader(body), putOptionsV1(o)...)
}

func (s *v1) get(bucket, key, byteRange string) (object, error) {
	var options []oss.Option
	if byteRange != "" {
		options = append(options, oss.NormalizedRange(strings.TrimPrefix(byteRange, "bytes=")))
	}
	r, err := s.bucket(bucket).DoGetObject(&oss.GetObjectRequest{ObjectKey: key}, options)
	if err != nil {
		return object{}, err
	}
	defer r.Response.Close()
	body, err := io.ReadAll(r.Response)
	return object{body: body, header: r.Response.Headers}, err
}

func (s *v1) getToFile(bucket, key, path string) error {
	return s.bucket(bucket).GetObjectToFile(key, path)
}

func (s *v1) head(bucket, key string) (object, error) {
	h, err := s.bucket(bucket).GetObjectDetailedMeta(key)
	return object{header: h}, err
}

func (s *v1) copyObject(srcBucket, srcKey, bucket, key string, replace map[string]string) (string, error) {
	var options []oss.Option
	if replace != nil {
		options = append(putOptionsV1(putOptions{meta: replace}), oss.MetadataDirective(oss.MetaReplace))
	}
	r, err := s.bucket(bucket).CopyObjectFrom(srcBucket, srcKey, key, options...)
	return r.ETag, err
}

func (s *v1) remove(bucket, key string) error { return s.bucket(bucket).DeleteObject(key) }

func (s *v1) removeMany(bucket string, keys []string, quiet bool) ([]string, error) {
	r, err := s.bucket(bucket).DeleteObjects(keys, oss.DeleteObjectsQuiet(quiet))
	return r.DeletedObjects, err
}

func (s *v1) objectACL(bucket, key string) (string, error) {
	r, err := s.bucket(bucket).GetObjectACL(key)
	return r.ACL, err
}

func (s *v1) setObjectACL(bucket, key, acl string) error {
	return s.bucket(bucket).SetObjectACL(key, oss.ACLType(acl))
}

func listOptionsV1(q listQuery) []oss.Option {
	var out []oss.Option
	if q.prefix != "" {
		out = append(out, oss.Prefix(q.prefix))
	}
	if q.delimiter != "" {
		out = append(out, oss.Delimiter(q.delimiter))
	}
	if q.max != 0 {
		out = append(out, oss.MaxKeys(q.max))
	}
	return out
}

func listedV1(objects []oss.ObjectProperties) []listed {
	var out []listed
	for _, o := range objects {
		out = append(out, listed{
			key: o.Key, etag: o.ETag, kind: o.Type, storageClass: o.StorageClass, owner: o.Owner.ID,
			size: o.Size, modified: o.LastModified,
		})
	}
	return out
}

func (s *v1) list(bucket string, q listQuery) (listPage, error) {
	options := listOptionsV1(q)
	if m := q.marker(); m != "" {
		options = append(options, oss.Marker(m))
	}
	r, err := s.bucket(bucket).ListObjects(options...)
	return listPage{objects: listedV1(r.Objects), prefixes: r.CommonPrefixes, truncated: r.IsTruncated, next: r.NextMarker}, err
}

func (s *v1) listV2(bucket string, q listQuery) (listPage, error) {
	options := listOptionsV1(q)
	if q.after != "" {
		options = append(options, oss.StartAfter(q.after))
	}
	if q.token != "" {
		options = append(options, oss.ContinuationToken(q.token))
	}
	r, err := s.bucket(bucket).ListObjectsV2(options...)
	return listPage{objects: listedV1(r.Objects), prefixes: r.CommonPrefixes, truncated: r.IsTruncated, next: r.NextContinuationToken}, err
}

func (s *v1) initiate(bucket, key string, o putOptions) (string, error) {
	r, err := s.bucket(bucket).InitiateMultipartUpload(key, putOptionsV1(o)...)
	if err == nil && (r.Bucket != bucket || r.Key != key) {
		err = fmt.Errorf("the upload is for %s/%q", r.Bucket, r.Key)
	}
	return r.UploadID, err
}

func uploadV1(bucket, key, uploadID string) oss.InitiateMultipartUploadResult {
	return oss.InitiateMultipartUploadResult{Bucket: bucket, Key: key, UploadID: uploadID}
}

func (s *v1) uploadPart(bucket, key, uploadID string, number int, body []byte) (string, error) {
	r, err := s.bucket(bucket).UploadPart(uploadV1(bucket, key, uploadID), bytes.NewReader(body), int64(len(body)), number)
	return r.ETag, err
}

func (s *v1) listParts(bucket, key, uploadID string, max, after int) (partPage, error) {
	r, err := s.bucket(bucket).ListUploadedParts(uploadV1(bucket, key, uploadID), oss.MaxParts(max), oss.PartNumberMarker(after))
	if err != nil {
		return partPage{}, err
	}
	page := partPage{truncated: r.IsTruncated}
	if page.next, err = strconv.Atoi(r.NextPartNumberMarker); err != nil {
		return partPage{}, err
	}
	for _, p := range r.UploadedParts {
		page.parts = append(page.parts, part{number: p.PartNumber, etag: p.ETag, size: int64(p.Size)})
	}
	return page, nil
}

func (s *v1) listUploads(bucket, prefix string) ([]upload, error) {
	r, err := s.bucket(bucket).ListMultipartUploads(oss.Prefix(prefix))
	var out []upload
	for _, u := range r.Uploads {
		out = append(out, upload{u.Key, u.UploadID})
	}
	return out, err
}

func (s *v1) complete(bucket, key, uploadID string, parts []part) (string, error) {
	var list []oss.UploadPart
	for _, p := range parts {
		list = append(list, oss.UploadPart{PartNumber: p.number, ETag: p.etag})
	}
	r, err := s.bucket(bucket).CompleteMultipartUpload(uploadV1(bucket, key, uploadID), list)
	if err == nil && r.Key != key {
		err = fmt.Errorf("completed %q", r.Key)
	}
	return r.ETag, err
}

func (s *v1) abort(bucket, key, uploadID string) error {
	return s.bucket(bucket).AbortMultipartUpload(uploadV1(bucket, key, uploadID))
}

func (s *v1) presign(method, bucket, key string, life time.Duration, o presignOptions) (presigned, error) {
	options := putOptionsV1(o.putOptions)
	if o.versionID != "" {
		options = append(options, oss.VersionId(o.versionID))
	}
	if o.responseContentType != "" {
		options = append(options, oss.ResponseContentType(o.responseContentType))
	}
	if o.responseContentDisposition != "" {
		options = append(options, oss.ResponseContentDisposition(o.responseContentDisposition))
	}
	url, err := s.bucket(bucket).SignURL(key, oss.HTTPMethod(method), int64(life/time.Second), options...)
	if err != nil {
		return presigned{}, err
	}
	// This SDK returns only the URL; the caller has to know what was signed.
	headers := map[string]string{}
	if o.contentType != "" {
		headers["Content-Type"] = o.contentType
	}
	if o.contentMD5 != "" {
		headers["Content-MD5"] = o.contentMD5
	}
	if o.cacheControl != "" {
		headers["Cache-Control"] = o.cacheControl
	}
	for k, v := range o.meta {
		headers[http.CanonicalHeaderKey("x-oss-meta-"+k)] = v
	}
	return presigned{url: url, headers: headers}, nil
}

func (s *v1) failure(err error) (serviceFailure, bool) {
	var e oss.ServiceError
	if !errors.As(err, &e) {
		return serviceFailure{}, false
	}
	return serviceFailure{status: e.StatusCode, code: e.Code, message: e.Message, requestID: e.RequestID, ec: e.Ec}, true
}

func (s *v1) putStream(bucket, key string, body io.Reader) error {
	return s.bucket(bucket).PutObject(key, body)
}

func (s *v1) uploadFile(bucket, key, path string, partSize int64) error {
	return s.bucket(bucket).UploadFile(key, path, partSize, oss.Routines(4))
}

func (s *v1) downloadFile(bucket, key, path string, partSize int64) error {
	return s.bucket(bucket).DownloadFile(key, path, partSize, oss.Routines(4))
}
