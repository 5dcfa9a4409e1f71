package e2e

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/aliyun/alibabacloud-oss-go-sdk-v2/oss"
)

// Making, listing and deleting buckets, and what hangs on them (retention, domains, logs of others): the documented refusals,
// and that they change nothing.

// stranger is the root of another account, as the server's administrator makes it.
func stranger(t *testing.T) (sdk, *oss.Client) {
	t.Helper()
	account := "5550001112223335"
	admin(t, "account", "create", "go-stranger", "--id", account)
	made := admin(t, "access-key", "create", "--account", account)["AccessKey"].(map[string]any)
	id := made["AccessKeyId"].(string)
	t.Cleanup(func() {
		admin(t, "access-key", "delete", id, "--account", account)
		admin(t, "account", "delete", account)
	})
	s := variants[0].client(clientOptions{accessKeyID: id, accessKeySecret: made["AccessKeySecret"].(string)})
	return s, s.(*v2).c
}

func TestMakingBuckets(t *testing.T) {
	c, bucket := settings(t)
	for _, r := range bucketCases(t).Creation {
		_, _, err := ask(c, "PUT", "go-never-made", nil, r.text(""), r.Headers)
		if wrong := r.judge(err); wrong != "" {
			t.Errorf("%s: %s", r.Why, wrong)
		}
	}
	again := func(inner string, headers map[string]string) error {
		if inner != "" {
			inner = "<CreateBucketConfiguration>" + inner + "</CreateBucketConfiguration>"
		}
		_, _, err := ask(c, "PUT", *bucket, nil, inner, headers)
		return err
	}
	must(t, again("<StorageClass>Standard</StorageClass><DataRedundancyType>LRS</DataRedundancyType>", nil))
	must(t, again("", map[string]string{"x-oss-acl": "public-read"}))
	want(t, "class", again("<StorageClass>IA</StorageClass>", nil), "409 BucketAlreadyExists", "Cannot modify existing bucket's storage class.")
	want(t, "redundancy", again("<DataRedundancyType>ZRS</DataRedundancyType>", nil), "409 BucketAlreadyExists", "")
	info, err := c.GetBucketInfo(background, &oss.GetBucketInfoRequest{Bucket: bucket})
	must(t, err)
	equal(t, "class", oss.ToString(info.BucketInfo.StorageClass), "Standard")
	equal(t, "acl", oss.ToString(info.BucketInfo.ACL), "public-read")
	for _, name := range []string{"7-7", strings.Repeat("g", 62) + "1"} {
		_, err := c.PutBucket(background, &oss.PutBucketRequest{
			Bucket: oss.Ptr(name), Acl: oss.BucketACLPublicRead, ResourceGroupId: oss.Ptr("rg-go"),
			RequestCommon:             oss.RequestCommon{Headers: map[string]string{"x-oss-bucket-tagging": "k1=v1&k2=v2"}},
			CreateBucketConfiguration: &oss.CreateBucketConfiguration{StorageClass: oss.StorageClassIA, DataRedundancyType: oss.DataRedundancyZRS},
		})
		must(t, err)
		made, err := c.GetBucketInfo(background, &oss.GetBucketInfoRequest{Bucket: oss.Ptr(name)})
		must(t, err)
		b := made.BucketInfo
		equal(t, "made", fmt.Sprint(*b.Name, *b.ACL, *b.ResourceGroupId, *b.StorageClass, *b.DataRedundancyType), name+"public-readrg-goIAZRS")
		tags, err := c.GetBucketTags(background, &oss.GetBucketTagsRequest{Bucket: oss.Ptr(name)})
		must(t, err)
		equal(t, "tags", len(tags.Tagging.TagSet.Tags), 2)
		_, err = c.DeleteBucket(background, &oss.DeleteBucketRequest{Bucket: oss.Ptr(name)})
		must(t, err)
	}
	// Names that cannot be: the SDK refuses them before it sends anything.
	for _, name := range []string{"ab", strings.Repeat("a", 64), "-ab", "ab-", "Abc", "a_b", "a.b"} {
		_, err := c.PutBucket(background, &oss.PutBucketRequest{Bucket: oss.Ptr(name)})
		if err == nil || statusOf(err) != 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestBucketsOfSomebodyElse(t *testing.T) {
	c, bucket := settings(t)
	s, theirs := stranger(t)
	taken := "The requested bucket name is not available. The bucket namespace is shared by all users of the system. " +
		"Please select a different name and try again."
	want(t, "make", s.createBucket(*bucket), "409 BucketAlreadyExists 0015-00000104", taken)
	want(t, "delete", s.deleteBucket(*bucket), "403 AccessDenied", "")
	want(t, "acl", s.setBucketACL(*bucket, "public-read"), "403 AccessDenied", "")
	for _, what := range []string{"bucketInfo", "stat", "acl", "versions", "cors", ""} {
		query := params()
		if what != "" {
			query = params(what)
		}
		_, _, err := ask(theirs, "GET", *bucket, query, "", nil)
		want(t, "GET "+what, err, "403 AccessDenied", "")
	}

	// As many buckets as an account may have.
	made := make([]string, 100)
	for n := range made {
		made[n] = fmt.Sprintf("go-many-%03d", n)
		must(t, s.createBucket(made[n]))
		t.Cleanup(func() { must(t, s.deleteBucket(made[n])) })
	}
	want(t, "one more", s.createBucket("go-one-more"), "400 TooManyBuckets", "You have attempted to create more buckets than allowed.")
	must(t, s.createBucket(made[0]))
	page, err := theirs.ListBuckets(background, &oss.ListBucketsRequest{MaxKeys: 60})
	must(t, err)
	equal(t, "truncated", page.IsTruncated, true)
	equal(t, "next", oss.ToString(page.NextMarker), made[59])
	page, err = theirs.ListBuckets(background, &oss.ListBucketsRequest{Marker: page.NextMarker})
	must(t, err)
	equal(t, "rest", len(page.Buckets), 40)

	// Logs go to buckets of one's own.
	log := setting(t, "logging")
	inner := "<TargetBucket>" + made[0] + "</TargetBucket>"
	_, _, err = ask(c, "PUT", *bucket, log.Query, caseRow{Inner: &inner}.text(log.Wrap), nil)
	want(t, "log", err, "400 InvalidTargetBucketForLogging", "Put bucket log requester is not target bucket owner.")
	checkUnset(t, c, log, *bucket)

	// A domain is its account's.
	domain := "taken.go.cname.test"
	bind := func(c *oss.Client, bucket, comp string) error {
		_, _, err := ask(c, "POST", bucket, params("cname", "comp="+comp), cnameDocument(domain, ""), nil)
		return err
	}
	must(t, bind(c, *bucket, "add"))
	want(t, "domain", bind(theirs, made[0], "add"), "403 CnameDenied", "The cname belongs to another user.")
	must(t, bind(theirs, made[0], "delete"))
	list, err := c.ListCname(background, &oss.ListCnameRequest{Bucket: bucket})
	must(t, err)
	equal(t, "domains", len(list.Cnames), 1)
	must(t, bind(c, *bucket, "delete"))
}

// An object, an upload, a version, a delete marker: each keeps the bucket.
func TestDeletingWhatIsNotEmpty(t *testing.T) {
	s := variants[0].client(clientOptions{})
	c := s.(*v2).c
	bucket, key := newBucket(t, s), "k"
	refused := func(what string) {
		t.Helper()
		want(t, what, s.deleteBucket(bucket), "409 BucketNotEmpty 0015-00000301", "The bucket has objects. Please delete them first.")
	}
	must(t, s.put(bucket, key, []byte("1"), putOptions{}))
	refused("object")
	must(t, s.remove(bucket, key))
	upload, err := s.initiate(bucket, key, putOptions{})
	must(t, err)
	refused("upload")
	must(t, s.abort(bucket, key, upload))
	setVersioning(t, c, bucket, oss.VersionEnabled)
	version := putVersion(t, c, bucket, key, "1")
	marker, err := c.DeleteObject(background, &oss.DeleteObjectRequest{Bucket: &bucket, Key: &key})
	must(t, err)
	for what, id := range map[string]*string{"version": &version, "marker": marker.VersionId} {
		refused(what)
		_, err := c.DeleteObject(background, &oss.DeleteObjectRequest{Bucket: &bucket, Key: &key, VersionId: id})
		must(t, err)
	}
}

// An empty bucket goes with all that hangs on it; whoever logs into it keeps the setting and cannot make it again.
func TestDeletingTakesSettingsAlong(t *testing.T) {
	c, source := settings(t)
	name := "go-anew"
	create := func() {
		t.Helper()
		_, err := c.PutBucket(background, &oss.PutBucketRequest{Bucket: &name})
		must(t, err)
	}
	remove := func() error {
		_, err := c.DeleteBucket(background, &oss.DeleteBucketRequest{Bucket: &name})
		return err
	}
	log, cors := setting(t, "logging"), setting(t, "cors")
	inner := "<TargetBucket>" + name + "</TargetBucket>"
	document := caseRow{Inner: &inner}.text(log.Wrap)
	putLog := func() error {
		_, _, err := ask(c, "PUT", *source, log.Query, document, nil)
		return err
	}
	want(t, "no target yet", putLog(), "400 InvalidTargetBucketForLogging", "")
	create()
	must(t, putLog())
	_, _, err := ask(c, "PUT", name, cors.Query, cors.Document, nil)
	must(t, err)
	setVersioning(t, c, name, oss.VersionEnabled)
	domain := "anew.go.cname.test"
	_, _, err = ask(c, "POST", name, params("cname", "comp=add"), cnameDocument(domain, ""), nil)
	must(t, err)

	must(t, remove())
	want(t, "twice", remove(), "404 NoSuchBucket 0015-00000101", noBucket)
	want(t, "target gone", putLog(), "400 InvalidTargetBucketForLogging", "")
	kept, err := c.GetBucketLogging(background, &oss.GetBucketLoggingRequest{Bucket: source})
	must(t, err)
	equal(t, "target", oss.ToString(kept.BucketLoggingStatus.LoggingEnabled.TargetBucket), name)

	create()
	checkUnset(t, c, cors, name)
	checkUnset(t, c, setting(t, "versioning"), name)
	list, err := c.ListCname(background, &oss.ListCnameRequest{Bucket: &name})
	must(t, err)
	equal(t, "domains", len(list.Cnames), 0)
	must(t, remove())
	// The name of the domain is free.
	_, _, err = ask(c, "POST", *source, params("cname", "comp=add"), cnameDocument(domain, ""), nil)
	must(t, err)
}

func TestLimitsOfListings(t *testing.T) {
	c, bucket := settings(t)
	long := strings.Repeat("x", 1024)
	sizes := []string{"0", "-1", "1001", "ten", "1.5", strings.Repeat("9", 30)}
	common := map[string][]string{"delimiter": {long}, "encoding-type": {"base64", "url,url"}}
	for what, l := range map[string]struct {
		bucket, size string
		query        []string
		wrong        map[string][]string
	}{
		"buckets": {"", "max-keys", nil, map[string][]string{"marker": {long}, "delimiter": nil}},
		"objects": {*bucket, "max-keys", nil, map[string][]string{"marker": {long}, "list-type": {"1", "3", "two"}}},
		"objects of the second protocol": {*bucket, "max-keys", []string{"list-type=2"},
			map[string][]string{"start-after": {long}, "continuation-token": {"garbage!", "CgJiYw--", "ü", long}}},
		"versions": {*bucket, "max-keys", []string{"versions"}, map[string][]string{"key-marker": {long}, "version-id-marker": {"null", "x"}}},
		"uploads":  {*bucket, "max-uploads", []string{"uploads"}, map[string][]string{"key-marker": {long}}},
	} {
		cases := map[string][]string{l.size: sizes, "prefix": {long}}
		for _, more := range []map[string][]string{common, l.wrong} {
			for name, values := range more {
				if l.bucket != "" || name == "marker" {
					cases[name] = values
				}
			}
		}
		for name, values := range cases {
			for _, value := range values {
				_, _, err := ask(c, "GET", l.bucket, params(append(l.query, name+"="+value)...), "", nil)
				want(t, fmt.Sprintf("%s, %s=%.20s", what, name, value), err, "400 InvalidArgument", "")
			}
		}
		for _, value := range []string{"1", "1000"} {
			_, _, err := ask(c, "GET", l.bucket, params(append(l.query, l.size+"="+value)...), "", nil)
			must(t, err)
		}
	}
	_, err := c.ListObjectVersions(background, &oss.ListObjectVersionsRequest{Bucket: bucket, KeyMarker: oss.Ptr("k"), VersionIdMarker: oss.Ptr("malformed")})
	want(t, "malformed version", err, "400 InvalidArgument", "")
}

func TestFactsOfBuckets(t *testing.T) {
	c, bucket := settings(t)
	for _, what := range []string{"bucketInfo", "stat", "location", "acl", "policyStatus", "versions", "uploads", "worm", "live", "list-type=2"} {
		_, _, err := ask(c, "GET", absentBucket, params(what), "", nil)
		want(t, what, err, "404 NoSuchBucket 0015-00000101", noBucket)
	}
	live, _, err := ask(c, "GET", *bucket, params("live"), "", nil)
	must(t, err)
	if !strings.Contains(live, "<ListLiveChannelResult>") || strings.Contains(live, "<LiveChannel>") {
		t.Errorf("live channels: %s", live)
	}
	for _, name := range []string{"versioning", "encryption", "accessmonitor", "transferAcceleration", "resourceGroup", "logging"} {
		s := setting(t, name)
		_, _, err := ask(c, "PUT", *bucket, s.Query, s.text(s.Wrap, "{target}", *bucket), nil)
		must(t, err)
	}
	r, err := c.GetBucketInfo(background, &oss.GetBucketInfoRequest{Bucket: bucket})
	must(t, err)
	b := r.BucketInfo
	for what, pair := range map[string][2]*string{
		"versioning": {b.Versioning, oss.Ptr("Enabled")}, "acceleration": {b.TransferAcceleration, oss.Ptr("Enabled")},
		"monitor": {b.AccessMonitor, oss.Ptr("Enabled")}, "group": {b.ResourceGroupId, oss.Ptr("rg-one")},
		"algorithm": {b.SseRule.SSEAlgorithm, oss.Ptr("KMS")}, "key": {b.SseRule.KMSMasterKeyID, oss.Ptr("my-key")},
		"log": {b.BucketPolicy.LogBucket, bucket}, "log prefix": {b.BucketPolicy.LogPrefix, oss.Ptr("log-")},
	} {
		equal(t, what, oss.ToString(pair[0]), oss.ToString(pair[1]))
	}
	// The message is the name that was asked for.
	_, err = c.DescribeRegions(background, &oss.DescribeRegionsRequest{Regions: oss.Ptr("oss-nowhere")})
	want(t, "region", err, "404 NoSuchRegion", "oss-nowhere")
	one, err := c.DescribeRegions(background, &oss.DescribeRegionsRequest{Regions: oss.Ptr("oss-" + env.region)})
	must(t, err)
	equal(t, "regions", len(one.RegionInfoList.RegionInfos), 1)
}

func TestWhatIsNotOffered(t *testing.T) {
	c, bucket := settings(t)
	for _, r := range bucketCases(t).Unbuilt {
		query := map[string]string{}
		for name, value := range r[1].(map[string]any) {
			query[name] = value.(string)
		}
		what, _ := json.Marshal(r)
		_, _, err := ask(c, r[0].(string), *bucket, query, "", nil)
		want(t, string(what), err, r[2].(string), r[3].(string))
		_, _, err = ask(c, r[0].(string), absentBucket, query, "", nil)
		want(t, string(what), err, "404 NoSuchBucket", noBucket)
	}
	// A setting that is not known never makes or removes a bucket; a method that a setting does not have is told so.
	for _, method := range []string{"PUT", "DELETE", "POST"} {
		for _, name := range []string{*bucket, absentBucket} {
			_, _, err := ask(c, method, name, params("newSetting"), "", nil)
			want(t, method+" ?newSetting", err, "400 InvalidArgument", "")
		}
	}
	for what, method := range map[string]string{
		"cors": "POST", "acl": "DELETE", "bucketInfo": "PUT", "stat": "PUT", "policyStatus": "DELETE", "worm": "PUT", "cname": "DELETE",
	} {
		_, _, err := ask(c, method, *bucket, params(what), "", nil)
		want(t, method+" ?"+what, err, "405 MethodNotAllowed 0003-00000016", noMethod)
		var refusal *oss.ServiceError
		if errors.As(err, &refusal) && refusal.Headers.Get("Allow") == "" {
			t.Errorf("%s ?%s: no Allow", method, what)
		}
	}
	_, err := c.GetBucketInfo(background, &oss.GetBucketInfoRequest{Bucket: bucket})
	must(t, err)
}

const (
	noWorm    = "The WORM Configuration does not exist."
	otherWorm = "The specified WORM ID does not exist."
)

func wormDocument(verb, days string) string {
	return "<" + verb + "WormConfiguration><RetentionPeriodInDays>" + days + "</RetentionPeriodInDays></" + verb + "WormConfiguration>"
}

// Begun, aborted, begun again, locked, prolonged; and at each step what is refused.
func TestBucketRetention(t *testing.T) {
	c, bucket := settings(t)
	begin := func(days int32) (string, error) {
		r, err := c.InitiateBucketWorm(background, &oss.InitiateBucketWormRequest{
			Bucket: bucket, InitiateWormConfiguration: &oss.InitiateWormConfiguration{RetentionPeriodInDays: &days},
		})
		if err != nil {
			return "", err
		}
		return oss.ToString(r.WormId), nil
	}
	lock := func(id string) error {
		_, err := c.CompleteBucketWorm(background, &oss.CompleteBucketWormRequest{Bucket: bucket, WormId: &id})
		return err
	}
	extend := func(id string, days int32) error {
		_, err := c.ExtendBucketWorm(background, &oss.ExtendBucketWormRequest{
			Bucket: bucket, WormId: &id, ExtendWormConfiguration: &oss.ExtendWormConfiguration{RetentionPeriodInDays: &days},
		})
		return err
	}
	abort := func() error {
		_, err := c.AbortBucketWorm(background, &oss.AbortBucketWormRequest{Bucket: bucket})
		return err
	}
	get := func() (string, error) {
		r, err := c.GetBucketWorm(background, &oss.GetBucketWormRequest{Bucket: bucket})
		if err != nil {
			return "", err
		}
		w := r.WormConfiguration
		return fmt.Sprintf("%s %v %d", oss.ToString(w.WormId), w.State, *w.RetentionPeriodInDays), nil
	}
	const absent, bad = "404 NoSuchWORMConfiguration", "400 InvalidWORMConfiguration"
	_, err := get()
	want(t, "get", err, absent, noWorm)
	want(t, "abort", abort(), absent, noWorm)
	want(t, "lock", lock("none"), absent, otherWorm)
	want(t, "extend", extend("none", 3), absent, otherWorm)
	for _, days := range []int32{0, 25551} {
		_, err := begin(days)
		want(t, "days", err, bad, "Invalid WORM Configuration.")
	}
	for why, text := range map[string]string{"no XML": "<a", "another root": "<Worm/>", "nothing": ""} {
		_, _, err := ask(c, "POST", *bucket, params("worm"), text, nil)
		want(t, why, err, "400 MalformedXML", "")
	}
	for _, days := range []string{"-1", "many", ""} {
		_, _, err := ask(c, "POST", *bucket, params("worm"), wormDocument("Initiate", days), nil)
		equal(t, "status of "+days, statusOf(err), 400)
	}

	first, err := begin(1)
	must(t, err)
	shown, err := get()
	must(t, err)
	equal(t, "retention", shown, first+" InProgress 1")
	_, err = begin(5)
	want(t, "again", err, "409 WORMConfigurationAlreadyExists", "The WORM Configuration already exists.")
	want(t, "not locked yet", extend(first, 5), bad, "")
	must(t, abort())
	second, err := begin(1)
	must(t, err)
	want(t, "the aborted", lock(first), absent, otherWorm)
	must(t, lock(second))
	want(t, "abort", abort(), "403 WORMConfigurationLocked", "The WORM Configuration is locked.")
	want(t, "no longer", extend(second, 1), bad, "")
	want(t, "too long", extend(second, 25551), bad, "")
	must(t, extend(second, 2))
	shown, err = get()
	must(t, err)
	equal(t, "retention", shown, second+" Locked 2")
}

// Whichever comes first. The code is not documented.
func TestRetentionExcludesSuspendedVersioning(t *testing.T) {
	c, bucket := settings(t)
	worm := func(method, body string) error {
		_, _, err := ask(c, method, *bucket, params("worm"), body, nil)
		return err
	}
	begin := func() error { return worm("POST", wormDocument("Initiate", "1")) }
	versioning := func(status string) error {
		body := "<VersioningConfiguration><Status>" + status + "</Status></VersioningConfiguration>"
		_, _, err := ask(c, "PUT", *bucket, params("versioning"), body, nil)
		return err
	}
	must(t, begin())
	must(t, versioning("Enabled"))
	equal(t, "suspending beside a retention", statusOf(versioning("Suspended")), 400)
	must(t, worm("DELETE", ""))
	must(t, begin())
	must(t, worm("DELETE", ""))
	must(t, versioning("Suspended"))
	equal(t, "a retention beside suspended versioning", statusOf(begin()), 400)
}

func cnameDocument(domain, more string) string {
	return "<BucketCnameConfiguration><Cname><Domain>" + domain + "</Domain>" + more + "</Cname></BucketCnameConfiguration>"
}

func TestDomainRefusals(t *testing.T) {
	c, bucket := settings(t)
	post := func(comp, domain, more string) error {
		_, _, err := ask(c, "POST", *bucket, params("cname", "comp="+comp), cnameDocument(domain, more), nil)
		return err
	}
	names := func() int {
		t.Helper()
		r, err := c.ListCname(background, &oss.ListCnameRequest{Bucket: bucket})
		must(t, err)
		return len(r.Cnames)
	}
	domain := "one.go.cname.test"
	token := func() (string, error) {
		r, err := c.GetCnameToken(background, &oss.GetCnameTokenRequest{Bucket: bucket, Cname: &domain})
		if err != nil {
			return "", err
		}
		return oss.ToString(r.CnameToken.Token) + oss.ToString(r.CnameToken.ExpireTime), nil
	}
	_, err := token()
	want(t, "token", err, "404 CnameTokenNotFound", "")
	must(t, post("token", domain, ""))
	first, err := token()
	must(t, err)
	must(t, post("token", domain, ""))
	second, err := token()
	must(t, err)
	equal(t, "token", first, second)
	for _, comp := range []string{"add", "token", "delete"} {
		for _, name := range []string{"*.cname.test", "no", "a b.test", "-a.test", "10.1.2.3"} {
			want(t, comp+" "+name, post(comp, name, ""), "400 InvalidArgument", "")
		}
		for _, text := range []string{"", "<Cname/>", "<BucketCnameConfiguration/>", "<BucketCnameConfiguration><Cname/></BucketCnameConfiguration>"} {
			_, _, err := ask(c, "POST", *bucket, params("cname", "comp="+comp), text, nil)
			want(t, comp+" "+text, err, "400 MalformedXML 0031-00000001", "")
		}
	}
	want(t, "comp", post("remove", domain, ""), "400 InvalidArgument", "")
	want(t, "the server's own", post("add", "x."+env.domain, ""), "400 InvalidArgument", "")
	equal(t, "names", names(), 0)

	must(t, post("add", domain, ""))
	for why, parts := range map[string]string{
		"no PEM": "<Certificate>none</Certificate><PrivateKey>none</PrivateKey>", "no key": "<Certificate>none</Certificate>",
		"no certificate": "<PrivateKey>none</PrivateKey>", "unknown id": "<CertId>1-nowhere</CertId>",
	} {
		want(t, why, post("add", domain, "<CertificateConfiguration>"+parts+"</CertificateConfiguration>"), "400 InvalidArgument", "")
	}
	equal(t, "names", names(), 1)
	for n := range 99 {
		must(t, post("add", fmt.Sprintf("d%d.go.cname.test", n), ""))
	}
	want(t, "101 names", post("add", "more.go.cname.test", ""), "400 TooManyCname", "You have attempted to create more buckets than allowed.")
	equal(t, "names", names(), 100)
	// What is not bound can be let go.
	for range 2 {
		must(t, post("delete", domain, ""))
	}
	equal(t, "names", names(), 99)
}

func TestPreflight(t *testing.T) {
	c, bucket := settings(t)
	url := env.endpoint + "/" + *bucket + "/k"
	whole := map[string]string{"Origin": "http://a.example.com", "Access-Control-Request-Method": "PUT"}
	with := func(name, value string) map[string]string {
		changed := map[string]string{name: value}
		for n, v := range whole {
			if n != name {
				changed[n] = v
			}
		}
		return changed
	}
	refused := func(what string, headers map[string]string, status int, code, message string) {
		t.Helper()
		e := send(t, "OPTIONS", url, headers, nil).wantRefusal(t, what, status, code)
		if message != "" {
			equal(t, what, e.Message, message)
		}
	}
	refused("no rules", whole, 403, "AccessForbidden", "")
	cors := setting(t, "cors")
	_, _, err := ask(c, "PUT", *bucket, cors.Query, cors.Document, nil)
	must(t, err)
	refused("no origin", map[string]string{"Access-Control-Request-Method": "PUT"}, 400, "BadRequest",
		"Insufficient information. Origin request header needed.")
	refused("no method", map[string]string{"Origin": "http://a.example.com"}, 400, "BadRequest",
		"Insufficient information. Request Access-Control-Request-Method header needed.")
	const forbidden = "CORSResponse: This CORS request is not allowed. This is usually because the evalution of Origin, request method / " +
		"Access-Control-Request-Method or Access-Control-Requet-Headers are not whitelisted by the resource's CORS spec."
	refused("origin", with("Origin", "http://example.org"), 403, "AccessForbidden", forbidden)
	refused("method", with("Access-Control-Request-Method", "DELETE"), 403, "AccessForbidden", forbidden)
	refused("headers", with("Access-Control-Request-Headers", "x-oss-a, authorization"), 403, "AccessForbidden", forbidden)
	// The SDK's own preflight.
	r, err := c.OptionObject(background, &oss.OptionObjectRequest{
		Bucket: bucket, Key: oss.Ptr("k"), Origin: oss.Ptr("http://a.example.com"), AccessControlRequestMethod: oss.Ptr("PUT"),
		AccessControlRequestHeaders: oss.Ptr("X-OSS-A, x-oss-b"),
	})
	must(t, err)
	equal(t, "origin", oss.ToString(r.AccessControlAllowOrigin), "http://a.example.com")
	equal(t, "age", *r.AccessControlMaxAge, 100)
	equal(t, "exposed", oss.ToString(r.AccessControlExposeHeaders), "ETag")
	_, err = c.OptionObject(background, &oss.OptionObjectRequest{
		Bucket: bucket, Key: oss.Ptr("k"), Origin: oss.Ptr("http://example.org"), AccessControlRequestMethod: oss.Ptr("PUT"),
	})
	want(t, "origin", err, "403 AccessForbidden", forbidden)
	// ResponseVary: also where nobody asks across origins.
	_, output, err := ask(c, "GET", *bucket, params("max-keys=1"), "", nil)
	must(t, err)
	equal(t, "Vary", output.Headers.Get("Vary"), "Origin")
}
