package e2e

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/aliyun/alibabacloud-oss-go-sdk-v2/oss"
)

// browse gets an object as a caller without a key does, and gives the status and the EC of a refusal.
func browse(t *testing.T, url string, header map[string]string) (int, string) {
	t.Helper()
	r, err := http.NewRequest(http.MethodGet, url, nil)
	must(t, err)
	for name, value := range header {
		r.Header.Set(name, value)
	}
	reply, err := http.DefaultClient.Do(r)
	must(t, err)
	defer reply.Body.Close()
	if reply.StatusCode < 300 {
		return reply.StatusCode, ""
	}
	return reply.StatusCode, reply.Header.Get("x-oss-ec")
}

func wantBrowse(t *testing.T, url string, header map[string]string, status int, ec string) {
	t.Helper()
	gotStatus, gotEC := browse(t, url, header)
	equal(t, "status", gotStatus, status)
	equal(t, "EC", gotEC, ec)
}

// opened makes a bucket with an object "k"; gives its address as well.
func opened(t *testing.T) (sdk, *oss.Client, string, string) {
	t.Helper()
	s := variants[0].client(clientOptions{})
	bucket := newBucket(t, s)
	must(t, s.put(bucket, "k", []byte("bytes"), putOptions{}))
	return s, s.(*v2).c, bucket, env.endpoint + "/" + bucket + "/k"
}

func bucketPolicy(t *testing.T, bucket, effect, action string, condition any) string {
	t.Helper()
	statement := map[string]any{
		"Effect": effect, "Action": []string{action}, "Principal": []string{"*"},
		"Resource": []string{"acs:oss:*:*:" + bucket, "acs:oss:*:*:" + bucket + "/*"},
	}
	if condition != nil {
		statement["Condition"] = condition
	}
	text, err := json.Marshal(map[string]any{"Version": "1", "Statement": []any{statement}})
	must(t, err)
	return string(text)
}

func putPolicy(c *oss.Client, bucket, text string) error {
	_, err := c.PutBucketPolicy(background, &oss.PutBucketPolicyRequest{Bucket: &bucket, Body: strings.NewReader(text)})
	return err
}

func TestBucketPolicy(t *testing.T) {
	s, c, bucket, url := opened(t)
	_, err := c.GetBucketPolicy(background, &oss.GetBucketPolicyRequest{Bucket: &bucket})
	wantFailure(t, s, err, 404, "NoSuchBucketPolicy", "")
	wantBrowse(t, url, nil, 403, "0003-00000001")

	text := bucketPolicy(t, bucket, "Allow", "oss:GetObject", nil)
	must(t, putPolicy(c, bucket, text))
	stored, err := c.GetBucketPolicy(background, &oss.GetBucketPolicyRequest{Bucket: &bucket})
	must(t, err)
	equal(t, "policy", stored.Body, text)
	status, err := c.GetBucketPolicyStatus(background, &oss.GetBucketPolicyStatusRequest{Bucket: &bucket})
	must(t, err)
	equal(t, "public", oss.ToBool(status.PolicyStatus.IsPublic), true)
	wantBrowse(t, url, nil, 200, "")

	insecure := map[string]any{"Bool": map[string]string{"acs:SecureTransport": "false"}}
	must(t, putPolicy(c, bucket, bucketPolicy(t, bucket, "Deny", "oss:*Object", insecure)))
	_, err = s.get(bucket, "k", "")
	wantFailure(t, s, err, 403, "AccessDenied", "0003-00000202")
	wantBrowse(t, url, nil, 403, "0003-00000202")

	err = putPolicy(c, bucket, `{"Version":"1","Statement":[{"Effect":"Maybe","Action":"oss:*","Principal":"*","Resource":"*"}]}`)
	wantFailure(t, s, err, 400, "InvalidPolicyDocument", "")
	_, err = c.DeleteBucketPolicy(background, &oss.DeleteBucketPolicyRequest{Bucket: &bucket})
	must(t, err)
	_, err = s.get(bucket, "k", "")
	must(t, err)
}

func TestPublicAccessBlock(t *testing.T) {
	s, c, bucket, url := opened(t)
	must(t, s.setBucketACL(bucket, "public-read"))
	wantBrowse(t, url, nil, 200, "")
	_, err := c.PutBucketPublicAccessBlock(background, &oss.PutBucketPublicAccessBlockRequest{
		Bucket:                         &bucket,
		PublicAccessBlockConfiguration: &oss.PublicAccessBlockConfiguration{BlockPublicAccess: oss.Ptr(true)},
	})
	must(t, err)
	wantBrowse(t, url, nil, 403, "0003-00000001")
	wantFailure(t, s, s.setBucketACL(bucket, "public-read-write"), 403, "AccessDenied", "")
	err = putPolicy(c, bucket, bucketPolicy(t, bucket, "Allow", "oss:GetObject", nil))
	wantFailure(t, s, err, 403, "AccessDenied", "")
	_, err = c.DeleteBucketPublicAccessBlock(background, &oss.DeleteBucketPublicAccessBlockRequest{Bucket: &bucket})
	must(t, err)
	wantBrowse(t, url, nil, 200, "")
}

func TestRefererRules(t *testing.T) {
	s, c, bucket, url := opened(t)
	must(t, s.setBucketACL(bucket, "public-read"))
	_, err := c.PutBucketReferer(background, &oss.PutBucketRefererRequest{
		Bucket: &bucket,
		RefererConfiguration: &oss.RefererConfiguration{
			AllowEmptyReferer: oss.Ptr(false),
			RefererList:       &oss.RefererList{Referers: []string{"http://*.example.com"}},
			RefererBlacklist:  &oss.RefererBlacklist{Referers: []string{"http://bad.example.com"}},
		},
	})
	must(t, err)
	key := "k"
	link, err := c.Presign(background, &oss.GetObjectRequest{Bucket: &bucket, Key: &key})
	must(t, err)
	for _, address := range []string{url, link.URL} {
		wantBrowse(t, address, nil, 403, "0003-00000501")
		wantBrowse(t, address, map[string]string{"Referer": "http://bad.example.com/"}, 403, "0003-00000502")
		wantBrowse(t, address, map[string]string{"Referer": "http://www.example.org/"}, 403, "0003-00000503")
		wantBrowse(t, address, map[string]string{"Referer": "http://www.example.com/?a=b"}, 200, "")
	}
	_, err = s.get(bucket, "k", "")
	must(t, err)
}

func TestRequesterPays(t *testing.T) {
	s, c, bucket, url := opened(t)
	must(t, s.setBucketACL(bucket, "public-read"))
	for payer, ec := range map[oss.PayerType]string{oss.Requester: "0003-00000703", oss.BucketOwner: ""} {
		_, err := c.PutBucketRequestPayment(background, &oss.PutBucketRequestPaymentRequest{
			Bucket: &bucket, PaymentConfiguration: &oss.RequestPaymentConfiguration{Payer: payer},
		})
		must(t, err)
		status := 200
		if ec != "" {
			status = 403
		}
		wantBrowse(t, url, nil, status, ec)
		_, err = s.get(bucket, "k", "")
		must(t, err)
	}
}
