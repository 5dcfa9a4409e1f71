package e2e

import (
	"testing"

	"github.com/aliyun/alibabacloud-oss-go-sdk-v2/oss"
)

func TestWebsite(t *testing.T) {
	s := variants[0].client(clientOptions{})
	c := s.(*v2).c
	bucket := newBucket(t, s)
	_, err := c.PutBucketAcl(background, &oss.PutBucketAclRequest{Bucket: &bucket, Acl: oss.BucketACLPublicRead})
	must(t, err)
	_, err = c.PutBucketWebsite(background, &oss.PutBucketWebsiteRequest{
		Bucket: &bucket,
		WebsiteConfiguration: &oss.WebsiteConfiguration{
			IndexDocument: &oss.IndexDocument{
				Suffix: oss.Ptr("index.html"), SupportSubDir: oss.Ptr(true), Type: oss.Ptr(int64(2)),
			},
			ErrorDocument: &oss.ErrorDocument{Key: oss.Ptr("sorry.html"), HttpStatus: oss.Ptr(int64(404))},
			RoutingRules: &oss.RoutingRules{RoutingRules: []oss.RoutingRule{{
				RuleNumber: oss.Ptr(int64(1)),
				Condition:  &oss.RoutingRuleCondition{KeyPrefixEquals: oss.Ptr("old/")},
				Redirect: &oss.RoutingRuleRedirect{
					RedirectType: oss.Ptr("External"), Protocol: oss.Ptr("https"), HostName: oss.Ptr("www.test.com"),
					ReplaceKeyPrefixWith: oss.Ptr("new/"), HttpRedirectCode: oss.Ptr(int64(302)),
				},
			}}},
		},
	})
	must(t, err)
	for _, key := range []string{"index.html", "sub/index.html", "sorry.html"} {
		must(t, s.put(bucket, key, []byte(key), putOptions{}))
	}
	site := "http://" + bucket + "." + env.domain + ":" + env.port + "/"
	for path, want := range map[string]struct {
		status int
		body   string
	}{
		"": {200, "index.html"}, "sub/": {200, "sub/index.html"}, "sub": {200, "sub/index.html"},
		"absent": {404, "sorry.html"}, "sub/index.html": {200, "sub/index.html"},
	} {
		got := send(t, "GET", site+path, nil, nil)
		equal(t, "status of /"+path, got.status, want.status)
		equal(t, "body of /"+path, string(got.body), want.body)
	}
	moved := send(t, "GET", site+"old/page?x=1", nil, nil)
	equal(t, "status", moved.status, 302)
	equal(t, "Location", moved.header.Get("Location"), "https://www.test.com/new/page")
	// A signed request for the root lists.
	page, err := s.list(bucket, listQuery{max: 10})
	must(t, err)
	equal(t, "keys", len(page.objects), 3)
	_, err = c.DeleteBucketWebsite(background, &oss.DeleteBucketWebsiteRequest{Bucket: &bucket})
	must(t, err)
	equal(t, "status without a website", send(t, "GET", site, nil, nil).status, 403)
}
