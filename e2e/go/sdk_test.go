package e2e

import (
	"io"
	"net/http"
	"testing"
	"time"
)

// sdk is what the tests ask of an SDK, in plain data, so that one set of assertions runs over both
// Go generations and both signature versions. The adapters (sdk_v1_test.go, sdk_v2_test.go) only
// translate: they hide no failure and repair nothing that an SDK gets wrong.
type sdk interface {
	createBucket(bucket string) error
	deleteBucket(bucket string) error
	listBuckets(prefix string) ([]string, error)
	bucketInfo(bucket string) (bucketFacts, error)
	bucketLocation(bucket string) (string, error)
	bucketACL(bucket string) (string, error)
	setBucketACL(bucket, acl string) error

	put(bucket, key string, body []byte, o putOptions) error
	get(bucket, key, byteRange string) (object, error)
	getToFile(bucket, key, path string) error
	head(bucket, key string) (object, error)
	copyObject(srcBucket, srcKey, bucket, key string, replace map[string]string) (string, error)
	remove(bucket, key string) error
	// putStream sends a body of unknown length.
	putStream(bucket, key string, body io.Reader) error
	// uploadFile and downloadFile are the transfer managers: parts of partSize, several at a time.
	uploadFile(bucket, key, path string, partSize int64) error
	downloadFile(bucket, key, path string, partSize int64) error
	removeMany(bucket string, keys []string, quiet bool) ([]string, error)
	objectACL(bucket, key string) (string, error)
	setObjectACL(bucket, key, acl string) error

	list(bucket string, q listQuery) (listPage, error)
	listV2(bucket string, q listQuery) (listPage, error)

	initiate(bucket, key string, o putOptions) (string, error)
	uploadPart(bucket, key, uploadID string, number int, body []byte) (string, error)
	listParts(bucket, key, uploadID string, max, after int) (partPage, error)
	listUploads(bucket, prefix string) ([]upload, error)
	complete(bucket, key, uploadID string, parts []part) (string, error)
	abort(bucket, key, uploadID string) error

	presign(method, bucket, key string, life time.Duration, o presignOptions) (presigned, error)

	// failure reads the service's refusal out of an SDK error; ok is false when the error is not one.
	failure(err error) (serviceFailure, bool)
}

// variant is one SDK generation with one signature version.
type variant struct {
	name      string
	signature string // "V1" or "V4"
	open      func(o clientOptions) sdk
	// Facts about the SDK itself that the assertions have to respect.
	refusesLongV4 bool // refuses to sign a V4 URL for more than seven days
	correctsSkew  bool // repeats a request refused with RequestTimeTooSkewed, with the server's clock
}

// clientOptions says how a client reaches the server. Zero values mean the shared key, the shared
// region and the SDK's own HTTP client.
type clientOptions struct {
	signature         string
	endpoint          string
	region            string
	accessKeyID       string
	accessKeySecret   string
	pathStyle         bool
	additionalHeaders []string
	http              *http.Client
}

var variants = []variant{
	{name: "v2-V4", signature: "V4", open: openV2, refusesLongV4: true, correctsSkew: true},
	{name: "v2-V1", signature: "V1", open: openV2, correctsSkew: true},
	{name: "v1-V1", signature: "V1", open: openV1},
	{name: "v1-V4", signature: "V4", open: openV1},
}

type bucketFacts struct {
	name, location, acl, storageClass, owner, redundancy, extranet, intranet string
	created                                                                  time.Time
}

type putOptions struct {
	contentType, contentMD5, cacheControl string
	meta                                  map[string]string
	forbidOverwrite                       bool
}

type object struct {
	body   []byte
	header http.Header
}

// listQuery: token is what the page before gave as next, a marker or a continuation token.
type listQuery struct {
	prefix, delimiter, after, token string
	max                             int
}

// marker is where a listing of the first protocol begins.
func (q listQuery) marker() string {
	if q.token != "" {
		return q.token
	}
	return q.after
}

type listed struct {
	key, etag, kind, storageClass, owner string
	size                                 int64
	modified                             time.Time
}

type listPage struct {
	objects   []listed
	prefixes  []string
	truncated bool
	next      string
}

func (p listPage) keys() []string {
	keys := []string{}
	for _, o := range p.objects {
		keys = append(keys, o.key)
	}
	return keys
}

type part struct {
	number int
	etag   string
	size   int64
}

type partPage struct {
	parts     []part
	truncated bool
	next      int
}

type upload struct{ key, id string }

type presignOptions struct {
	putOptions
	versionID, responseContentType, responseContentDisposition string
}

type presigned struct {
	url string
	// headers that the request must carry as they were signed.
	headers map[string]string
}

type serviceFailure struct {
	status                       int
	code, message, requestID, ec string
}

// each runs f for every variant, with a client on the IPv4 endpoint and the SDK's own transport.
func each(t *testing.T, f func(t *testing.T, v variant, c sdk)) {
	for _, v := range variants {
		t.Run(v.name, func(t *testing.T) {
			f(t, v, v.client(clientOptions{}))
		})
	}
}

// client opens a client of this variant, filling in what o leaves empty.
func (v variant) client(o clientOptions) sdk {
	o.signature = v.signature
	if o.endpoint == "" {
		o.endpoint = env.endpoint
	}
	if o.region == "" {
		o.region = env.region
	}
	if o.accessKeyID == "" {
		o.accessKeyID = env.accessKeyID
	}
	if o.accessKeySecret == "" {
		o.accessKeySecret = env.accessKeySecret
	}
	return v.open(o)
}
