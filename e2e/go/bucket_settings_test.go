package e2e

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/aliyun/alibabacloud-oss-go-sdk-v2/oss"
)

// settings opens the newer SDK on a bucket of its own.
func settings(t *testing.T) (*oss.Client, *string) {
	t.Helper()
	s := variants[0].client(clientOptions{})
	bucket := newBucket(t, s)
	return s.(*v2).c, &bucket
}

// refusedWith checks that the service refused, with this status and code.
func refusedWith(t *testing.T, err error, status int, code string) {
	t.Helper()
	var refusal *oss.ServiceError
	if !errors.As(err, &refusal) {
		t.Fatalf("no refusal: %v", err)
	}
	if refusal.StatusCode != status || refusal.Code != code {
		t.Fatalf("refused with %d %s, not %d %s: %s", refusal.StatusCode, refusal.Code, status, code, refusal.Message)
	}
}

func TestSettingsLifecycle(t *testing.T) {
	c, bucket := settings(t)
	get := func() ([]oss.LifecycleRule, error) {
		r, err := c.GetBucketLifecycle(background, &oss.GetBucketLifecycleRequest{Bucket: bucket})
		if err != nil {
			return nil, err
		}
		return r.LifecycleConfiguration.Rules, nil
	}
	put := func(rules ...oss.LifecycleRule) error {
		_, err := c.PutBucketLifecycle(background, &oss.PutBucketLifecycleRequest{
			Bucket: bucket, LifecycleConfiguration: &oss.LifecycleConfiguration{Rules: rules},
		})
		return err
	}
	_, err := get()
	refusedWith(t, err, 404, "NoSuchLifecycle")
	rule := oss.LifecycleRule{
		ID: oss.Ptr("r"), Prefix: oss.Ptr("logs/"), Status: oss.Ptr("Enabled"),
		Tags:       []oss.Tag{{Key: oss.Ptr("k"), Value: oss.Ptr("v")}},
		Expiration: &oss.LifecycleRuleExpiration{CreatedBeforeDate: oss.Ptr("2020-12-12T00:00:00.000Z")},
		NoncurrentVersionTransitions: []oss.NoncurrentVersionTransition{
			{NoncurrentDays: oss.Ptr(int32(10)), StorageClass: oss.StorageClassIA},
			{NoncurrentDays: oss.Ptr(int32(20)), StorageClass: oss.StorageClassColdArchive},
		},
		NoncurrentVersionExpiration: &oss.NoncurrentVersionExpiration{NoncurrentDays: oss.Ptr(int32(30))},
	}
	must(t, put(rule))
	rules, err := get()
	must(t, err)
	equal(t, "id", *rules[0].ID, "r")
	equal(t, "date", *rules[0].Expiration.CreatedBeforeDate, "2020-12-12T00:00:00.000Z")
	equal(t, "transitions", len(rules[0].NoncurrentVersionTransitions), 2)
	equal(t, "tag", *rules[0].Tags[0].Value, "v")

	rule.NoncurrentVersionTransitions[1].NoncurrentDays = oss.Ptr(int32(5))
	refusedWith(t, put(rule), 400, "InvalidArgument")
	rule.NoncurrentVersionTransitions = nil
	rule.Transitions = []oss.LifecycleRuleTransition{{Days: oss.Ptr(int32(3)), StorageClass: oss.StorageClassIA}}
	refusedWith(t, put(rule), 400, "InvalidRequest")
	refusedWith(t, put(oss.LifecycleRule{Status: oss.Ptr("Enabled")}), 400, "MalformedXML")
	_, err = c.DeleteBucketLifecycle(background, &oss.DeleteBucketLifecycleRequest{Bucket: bucket})
	must(t, err)
	_, err = get()
	refusedWith(t, err, 404, "NoSuchLifecycle")
}

func TestSettingsPolicyAndAccess(t *testing.T) {
	c, bucket := settings(t)
	status := func() bool {
		r, err := c.GetBucketPolicyStatus(background, &oss.GetBucketPolicyStatusRequest{Bucket: bucket})
		must(t, err)
		return *r.PolicyStatus.IsPublic
	}
	put := func(text string) error {
		_, err := c.PutBucketPolicy(background, &oss.PutBucketPolicyRequest{Bucket: bucket, Body: strings.NewReader(text)})
		return err
	}
	_, err := c.GetBucketPolicy(background, &oss.GetBucketPolicyRequest{Bucket: bucket})
	refusedWith(t, err, 404, "NoSuchBucketPolicy")
	equal(t, "public", status(), false)
	public := `{"Version":"1","Statement":[{"Action":["oss:GetObject"],"Effect":"Allow","Resource":["acs:oss:*:*:` + *bucket + `/*"]}]}`
	must(t, put(public))
	kept, err := c.GetBucketPolicy(background, &oss.GetBucketPolicyRequest{Bucket: bucket})
	must(t, err)
	equal(t, "policy", kept.Body, public)
	equal(t, "public", status(), true)
	refusedWith(t, put(strings.Replace(public, `"1"`, `"2"`, 1)), 400, "InvalidPolicyDocument")
	_, err = c.DeleteBucketPolicy(background, &oss.DeleteBucketPolicyRequest{Bucket: bucket})
	must(t, err)

	_, err = c.PutBucketPublicAccessBlock(background, &oss.PutBucketPublicAccessBlockRequest{
		Bucket: bucket, PublicAccessBlockConfiguration: &oss.PublicAccessBlockConfiguration{BlockPublicAccess: oss.Ptr(true)},
	})
	must(t, err)
	refusedWith(t, put(public), 403, "AccessDenied")
	_, err = c.DeleteBucketPublicAccessBlock(background, &oss.DeleteBucketPublicAccessBlockRequest{Bucket: bucket})
	must(t, err)
	r, err := c.GetBucketPublicAccessBlock(background, &oss.GetBucketPublicAccessBlockRequest{Bucket: bucket})
	must(t, err)
	equal(t, "block", *r.PublicAccessBlockConfiguration.BlockPublicAccess, false)
}

func TestSettingsReferer(t *testing.T) {
	c, bucket := settings(t)
	put := func(rules oss.RefererConfiguration) error {
		_, err := c.PutBucketReferer(background, &oss.PutBucketRefererRequest{Bucket: bucket, RefererConfiguration: &rules})
		return err
	}
	get := func() *oss.RefererConfiguration {
		r, err := c.GetBucketReferer(background, &oss.GetBucketRefererRequest{Bucket: bucket})
		must(t, err)
		return r.RefererConfiguration
	}
	equal(t, "empty", *get().AllowEmptyReferer, true)
	sites := []string{"http://a.example", "https://www.?.example.com"}
	must(t, put(oss.RefererConfiguration{
		AllowEmptyReferer: oss.Ptr(false), TruncatePath: oss.Ptr(true),
		RefererList: &oss.RefererList{Referers: sites},
	}))
	if !slices.Equal(get().RefererList.Referers, sites) || !*get().AllowTruncateQueryString || !*get().TruncatePath {
		t.Fatalf("%+v", get())
	}
	refusedWith(t, put(oss.RefererConfiguration{AllowEmptyReferer: oss.Ptr(true)}), 400, "MalformedXML")
}

func TestSettingsTagsAndGroup(t *testing.T) {
	c, bucket := settings(t)
	tags := []oss.Tag{{Key: oss.Ptr("go-settings"), Value: oss.Ptr("1")}, {Key: oss.Ptr("b"), Value: oss.Ptr("2")}}
	_, err := c.PutBucketTags(background, &oss.PutBucketTagsRequest{
		Bucket: bucket, Tagging: &oss.Tagging{TagSet: &oss.TagSet{Tags: tags}},
	})
	must(t, err)
	_, err = c.PutBucketResourceGroup(background, &oss.PutBucketResourceGroupRequest{
		Bucket: bucket, BucketResourceGroupConfiguration: &oss.BucketResourceGroupConfiguration{ResourceGroupId: oss.Ptr("rg-go")},
	})
	must(t, err)
	names := func(q oss.ListBucketsRequest) []string {
		r, err := c.ListBuckets(background, &q)
		must(t, err)
		var names []string
		for _, b := range r.Buckets {
			names = append(names, *b.Name)
		}
		return names
	}
	own := []string{*bucket}
	for _, q := range []oss.ListBucketsRequest{
		{TagKey: oss.Ptr("go-settings")},
		{TagKey: oss.Ptr("go-settings"), TagValue: oss.Ptr("1")},
		{ResourceGroupId: oss.Ptr("rg-go")},
	} {
		if found := names(q); !slices.Equal(found, own) {
			t.Fatalf("%v, not %v", found, own)
		}
	}
	if found := names(oss.ListBucketsRequest{TagKey: oss.Ptr("go-settings"), TagValue: oss.Ptr("2")}); len(found) != 0 {
		t.Fatal(found)
	}
	_, err = c.DeleteBucketTags(background, &oss.DeleteBucketTagsRequest{Bucket: bucket, Tagging: oss.Ptr("go-settings")})
	must(t, err)
	r, err := c.GetBucketTags(background, &oss.GetBucketTagsRequest{Bucket: bucket})
	must(t, err)
	equal(t, "tags", len(r.Tagging.TagSet.Tags), 1)
}

func TestSettingsInventory(t *testing.T) {
	c, bucket := settings(t)
	inventory := &oss.InventoryConfiguration{
		Id: oss.Ptr("go-1"), IsEnabled: oss.Ptr(true), IncludedObjectVersions: oss.Ptr("Current"),
		Schedule: &oss.InventorySchedule{Frequency: oss.InventoryFrequencyWeekly},
		Destination: &oss.InventoryDestination{OSSBucketDestination: &oss.InventoryOSSBucketDestination{
			Format: oss.InventoryFormatCSV, AccountId: oss.Ptr("1"), RoleArn: oss.Ptr("r"), Bucket: oss.Ptr("acs:oss:::" + *bucket),
			Encryption: &oss.InventoryEncryption{SseKms: &oss.SSEKMS{KeyId: oss.Ptr("k")}},
		}},
	}
	put := func() error {
		_, err := c.PutBucketInventory(background, &oss.PutBucketInventoryRequest{
			Bucket: bucket, InventoryId: inventory.Id, InventoryConfiguration: inventory,
		})
		return err
	}
	get := func() (*oss.GetBucketInventoryResult, error) {
		return c.GetBucketInventory(background, &oss.GetBucketInventoryRequest{Bucket: bucket, InventoryId: inventory.Id})
	}
	_, err := get()
	refusedWith(t, err, 404, "NoSuchInventory")
	must(t, put())
	refusedWith(t, put(), 409, "InventoryConfigurationAlreadyExists")
	r, err := get()
	must(t, err)
	equal(t, "key", *r.InventoryConfiguration.Destination.OSSBucketDestination.Encryption.SseKms.KeyId, "k")
	equal(t, "frequency", r.InventoryConfiguration.Schedule.Frequency, oss.InventoryFrequencyWeekly)
	_, err = c.DeleteBucketInventory(background, &oss.DeleteBucketInventoryRequest{Bucket: bucket, InventoryId: inventory.Id})
	must(t, err)
	_, err = get()
	refusedWith(t, err, 404, "NoSuchInventory")
}

func TestSettingsSmall(t *testing.T) {
	c, bucket := settings(t)
	_, err := c.GetBucketTransferAcceleration(background, &oss.GetBucketTransferAccelerationRequest{Bucket: bucket})
	refusedWith(t, err, 404, "NoSuchTransferAccelerationConfiguration")
	_, err = c.PutBucketTransferAcceleration(background, &oss.PutBucketTransferAccelerationRequest{
		Bucket: bucket, TransferAccelerationConfiguration: &oss.TransferAccelerationConfiguration{Enabled: oss.Ptr(true)},
	})
	must(t, err)
	_, err = c.PutBucketHttpsConfig(background, &oss.PutBucketHttpsConfigRequest{
		Bucket: bucket, HttpsConfiguration: &oss.HttpsConfiguration{TLS: &oss.TLS{
			Enable: oss.Ptr(true), TLSVersions: []string{"TLSv1.3"},
		}},
	})
	must(t, err)
	tls, err := c.GetBucketHttpsConfig(background, &oss.GetBucketHttpsConfigRequest{Bucket: bucket})
	must(t, err)
	equal(t, "version", tls.HttpsConfiguration.TLS.TLSVersions[0], "TLSv1.3")
	_, err = c.PutStyle(background, &oss.PutStyleRequest{
		Bucket: bucket, StyleName: oss.Ptr("small"), Style: &oss.StyleContent{Content: oss.Ptr("image/resize,w_9")},
	})
	must(t, err)
	style, err := c.GetStyle(background, &oss.GetStyleRequest{Bucket: bucket, StyleName: oss.Ptr("small")})
	must(t, err)
	equal(t, "style", *style.Style.Content, "image/resize,w_9")
	_, err = c.GetStyle(background, &oss.GetStyleRequest{Bucket: bucket, StyleName: oss.Ptr("none")})
	refusedWith(t, err, 404, "NoSuchStyle")
	info, err := c.GetBucketInfo(background, &oss.GetBucketInfoRequest{Bucket: bucket})
	must(t, err)
	equal(t, "acceleration", *info.BucketInfo.TransferAcceleration, "Enabled")
	regions, err := c.DescribeRegions(background, &oss.DescribeRegionsRequest{})
	must(t, err)
	equal(t, "region", *regions.RegionInfoList.RegionInfos[0].Region, "oss-cn-hangzhou")
	_, err = c.PutBucketOverwriteConfig(background, &oss.PutBucketOverwriteConfigRequest{
		Bucket: bucket, OverwriteConfiguration: &oss.OverwriteConfiguration{Rules: []oss.OverwriteRule{{Action: oss.Ptr("forbid")}}},
	})
	must(t, err)
	write := func() error {
		_, err := c.PutObject(background, &oss.PutObjectRequest{Bucket: bucket, Key: oss.Ptr("k"), Body: strings.NewReader("1")})
		return err
	}
	must(t, write())
	refusedWith(t, write(), 409, "FileAlreadyExists")
	_, err = c.DeleteObject(background, &oss.DeleteObjectRequest{Bucket: bucket, Key: oss.Ptr("k")})
	must(t, err)
}
