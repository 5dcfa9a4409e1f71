package e2e

import (
	"bytes"
	"io"
	"slices"
	"testing"

	"github.com/aliyun/alibabacloud-oss-go-sdk-v2/oss"
)

// versioned makes a bucket with versioning, and removes every version in it when the test ends.
func versioned(t *testing.T) (sdk, *oss.Client, string) {
	t.Helper()
	s := variants[0].client(clientOptions{})
	c := s.(*v2).c
	bucket := newBucket(t, s)
	setVersioning(t, c, bucket, oss.VersionEnabled)
	t.Cleanup(func() {
		page, err := c.ListObjectVersions(background, &oss.ListObjectVersionsRequest{Bucket: &bucket, MaxKeys: 1000, IsMix: true})
		must(t, err)
		for _, v := range page.ObjectVersionsDeleteMarkers {
			_, err := c.DeleteObject(background, &oss.DeleteObjectRequest{Bucket: &bucket, Key: v.Key, VersionId: v.VersionId})
			must(t, err)
		}
	})
	return s, c, bucket
}

func setVersioning(t *testing.T, c *oss.Client, bucket string, status oss.VersioningStatusType) {
	t.Helper()
	_, err := c.PutBucketVersioning(background, &oss.PutBucketVersioningRequest{
		Bucket: &bucket, VersioningConfiguration: &oss.VersioningConfiguration{Status: status},
	})
	must(t, err)
}

func putVersion(t *testing.T, c *oss.Client, bucket, key, body string) string {
	t.Helper()
	r, err := c.PutObject(background, &oss.PutObjectRequest{
		Bucket: &bucket, Key: &key, Body: bytes.NewReader([]byte(body)),
	})
	must(t, err)
	return oss.ToString(r.VersionId)
}

func readVersion(c *oss.Client, bucket, key, version string) (string, string, error) {
	r, err := c.GetObject(background, &oss.GetObjectRequest{Bucket: &bucket, Key: &key, VersionId: opt(version)})
	if err != nil {
		return "", "", err
	}
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	return string(body), oss.ToString(r.VersionId), err
}

func TestVersionsReadAndDeleted(t *testing.T) {
	s, c, bucket := versioned(t)
	state, err := c.GetBucketVersioning(background, &oss.GetBucketVersioningRequest{Bucket: &bucket})
	must(t, err)
	equal(t, "status", oss.ToString(state.VersionStatus), "Enabled")
	one := putVersion(t, c, bucket, "k", "one")
	two := putVersion(t, c, bucket, "k", "two!")
	equal(t, "length of an id", len(one), 64)
	for version, want := range map[string]string{"": "two!", one: "one", two: "two!"} {
		body, got, err := readVersion(c, bucket, "k", version)
		must(t, err)
		equal(t, "body", body, want)
		if version != "" {
			equal(t, "version", got, version)
		}
	}
	key := "k"
	marker, err := c.DeleteObject(background, &oss.DeleteObjectRequest{Bucket: &bucket, Key: &key})
	must(t, err)
	equal(t, "a marker was made", marker.DeleteMarker, true)
	id := oss.ToString(marker.VersionId)
	for version, want := range map[string]serviceFailure{
		"":          {status: 404, code: "NoSuchKey"},
		id:          {status: 405, code: "MethodNotAllowed"},
		"null":      {status: 404, code: "NoSuchVersion"},
		"malformed": {status: 400, code: "InvalidArgument"},
	} {
		_, _, err := readVersion(c, bucket, "k", version)
		wantFailure(t, s, err, want.status, want.code, "")
		_, err = c.HeadObject(background, &oss.HeadObjectRequest{Bucket: &bucket, Key: &key, VersionId: opt(version)})
		wantFailure(t, s, err, want.status, want.code, "")
		_, err = c.GetObjectMeta(background, &oss.GetObjectMetaRequest{Bucket: &bucket, Key: &key, VersionId: opt(version)})
		wantFailure(t, s, err, want.status, want.code, "")
	}
	copied, err := c.CopyObject(background, &oss.CopyObjectRequest{
		Bucket: &bucket, Key: opt("copy"), SourceKey: &key, SourceVersionId: &one,
	})
	must(t, err)
	equal(t, "version of the source", oss.ToString(copied.SourceVersionId), one)
	equal(t, "length of the copy's id", len(oss.ToString(copied.VersionId)), 64)
	gone, err := c.DeleteMultipleObjects(background, &oss.DeleteMultipleObjectsRequest{
		Bucket: &bucket,
		Objects: []oss.DeleteObject{
			{Key: &key, VersionId: &id}, {Key: &key, VersionId: &two}, {Key: opt("new")},
		},
	})
	must(t, err)
	equal(t, "deleted", len(gone.DeletedObjects), 3)
	equal(t, "removed marker", oss.ToString(gone.DeletedObjects[0].DeleteMarkerVersionId), id)
	equal(t, "removed version", oss.ToString(gone.DeletedObjects[1].VersionId), two)
	equal(t, "made marker", gone.DeletedObjects[2].DeleteMarker, true)
	body, _, err := readVersion(c, bucket, "k", "")
	must(t, err)
	equal(t, "body", body, "one")

	setVersioning(t, c, bucket, oss.VersionSuspended)
	equal(t, "suspended", putVersion(t, c, bucket, "k", "null"), "null")
	equal(t, "suspended", putVersion(t, c, bucket, "k", "again"), "null")
	body, _, err = readVersion(c, bucket, "k", one)
	must(t, err)
	equal(t, "body", body, "one")
}

func TestVersionsListed(t *testing.T) {
	s, c, bucket := versioned(t)
	want := []string{}
	for _, key := range []string{"a b+é", "dir/1", "dir/2", "z\x01"} {
		own := []string{}
		for range 3 {
			own = append(own, key+" "+putVersion(t, c, bucket, key, key))
		}
		r, err := c.DeleteObject(background, &oss.DeleteObjectRequest{Bucket: &bucket, Key: &key})
		must(t, err)
		own = append(own, key+" "+oss.ToString(r.VersionId))
		slices.Reverse(own)
		want = append(want, own...)
	}
	for _, max := range []int32{1, 3, 16, 1000} {
		got := []string{}
		p := c.NewListObjectVersionsPaginator(&oss.ListObjectVersionsRequest{Bucket: &bucket, MaxKeys: max, IsMix: true})
		for p.HasNext() {
			page, err := p.NextPage(background)
			must(t, err)
			for _, v := range page.ObjectVersionsDeleteMarkers {
				got = append(got, oss.ToString(v.Key)+" "+oss.ToString(v.VersionId))
				newest := len(got)%4 == 1
				equal(t, "newest", v.IsLatest, newest)
				equal(t, "marker", v.IsDeleteMarker(), newest)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("pages of %d: %q, want %q", max, got, want)
		}
	}
	prefixes, keys := []string{}, 0
	p := c.NewListObjectVersionsPaginator(&oss.ListObjectVersionsRequest{Bucket: &bucket, MaxKeys: 5, Delimiter: opt("/"), IsMix: true})
	for p.HasNext() {
		page, err := p.NextPage(background)
		must(t, err)
		keys += len(page.ObjectVersionsDeleteMarkers)
		for _, prefix := range page.CommonPrefixes {
			prefixes = append(prefixes, oss.ToString(prefix.Prefix))
		}
	}
	if keys != 8 || !slices.Equal(prefixes, []string{"dir/"}) {
		t.Errorf("%d versions beside %q", keys, prefixes)
	}
	for what, q := range map[string]oss.ListObjectVersionsRequest{
		"version marker alone":     {VersionIdMarker: opt("null")},
		"malformed version marker": {KeyMarker: opt("k"), VersionIdMarker: opt("x")},
		"too large a page":         {MaxKeys: 1001},
		"unknown encoding":         {EncodingType: opt("base64")},
	} {
		q.Bucket = &bucket
		_, err := c.ListObjectVersions(background, &q)
		t.Log(what)
		wantFailure(t, s, err, 400, "InvalidArgument", "")
	}
}

func TestTagsOfVersions(t *testing.T) {
	s, c, bucket := versioned(t)
	key := "k"
	one := putVersion(t, c, bucket, key, "1")
	two := putVersion(t, c, bucket, key, "2")
	put := func(version string, tags ...oss.Tag) error {
		_, err := c.PutObjectTagging(background, &oss.PutObjectTaggingRequest{
			Bucket: &bucket, Key: &key, VersionId: opt(version), Tagging: &oss.Tagging{TagSet: &oss.TagSet{Tags: tags}},
		})
		return err
	}
	get := func(version string) []string {
		r, err := c.GetObjectTagging(background, &oss.GetObjectTaggingRequest{Bucket: &bucket, Key: &key, VersionId: opt(version)})
		must(t, err)
		tags := []string{}
		for _, tag := range r.Tags {
			tags = append(tags, oss.ToString(tag.Key)+"="+oss.ToString(tag.Value))
		}
		return tags
	}
	must(t, put(one, oss.Tag{Key: opt("a b"), Value: opt("é")}))
	must(t, put("", oss.Tag{Key: opt("c"), Value: opt("1")}, oss.Tag{Key: opt("d"), Value: opt("2")}))
	if got := get(one); !slices.Equal(got, []string{"a b=é"}) {
		t.Errorf("tags of the old version: %q", got)
	}
	if got := get(two); !slices.Equal(got, []string{"c=1", "d=2"}) {
		t.Errorf("tags of the new version: %q", got)
	}
	head, err := c.HeadObject(background, &oss.HeadObjectRequest{Bucket: &bucket, Key: &key})
	must(t, err)
	equal(t, "count", head.TaggingCount, 2)
	_, err = c.DeleteObjectTagging(background, &oss.DeleteObjectTaggingRequest{Bucket: &bucket, Key: &key, VersionId: &one})
	must(t, err)
	equal(t, "tags left", len(get(one)), 0)
	wantFailure(t, s, put("", oss.Tag{Key: opt("a"), Value: opt("1")}, oss.Tag{Key: opt("a"), Value: opt("2")}), 400, "InvalidTag", "")
	wantFailure(t, s, put("", oss.Tag{Key: new(string), Value: opt("1")}), 400, "InvalidTag", "")
	wantFailure(t, s, put("null"), 404, "NoSuchVersion", "")
	for directive, want := range map[string][]string{"Copy": {"c=1", "d=2"}, "Replace": {"x=9"}} {
		_, err := c.CopyObject(background, &oss.CopyObjectRequest{
			Bucket: &bucket, Key: opt("copy"), SourceKey: &key, Tagging: opt("x=9"), TaggingDirective: &directive,
		})
		must(t, err)
		key = "copy"
		if got := get(""); !slices.Equal(got, want) {
			t.Errorf("%s: %q", directive, got)
		}
		key = "k"
	}
}

func TestACLsOfVersions(t *testing.T) {
	s, c, bucket := versioned(t)
	key := "k"
	one := putVersion(t, c, bucket, key, "1")
	two := putVersion(t, c, bucket, key, "2")
	_, err := c.PutObjectAcl(background, &oss.PutObjectAclRequest{Bucket: &bucket, Key: &key, VersionId: &one, Acl: oss.ObjectACLPublicRead})
	must(t, err)
	for version, want := range map[string]string{one: "public-read", two: "default", "": "default"} {
		r, err := c.GetObjectAcl(background, &oss.GetObjectAclRequest{Bucket: &bucket, Key: &key, VersionId: opt(version)})
		must(t, err)
		equal(t, "acl", oss.ToString(r.ACL), want)
	}
	_, err = c.GetObjectAcl(background, &oss.GetObjectAclRequest{Bucket: &bucket, Key: &key, VersionId: opt("null")})
	wantFailure(t, s, err, 404, "NoSuchVersion", "")
}

func TestSymlinks(t *testing.T) {
	s, c, bucket := versioned(t)
	putVersion(t, c, bucket, "dir/target", "123456789")
	link := func(key, target string) string {
		r, err := c.PutSymlink(background, &oss.PutSymlinkRequest{
			Bucket: &bucket, Key: &key, Target: &target, Metadata: map[string]string{"of": "link"},
		})
		must(t, err)
		return oss.ToString(r.VersionId)
	}
	version := link("link", "dir/target")
	got, err := c.GetSymlink(background, &oss.GetSymlinkRequest{Bucket: &bucket, Key: opt("link")})
	must(t, err)
	equal(t, "target", oss.ToString(got.Target), "dir/target")
	equal(t, "version", oss.ToString(got.VersionId), version)
	equal(t, "metadata", got.Metadata["of"], "link")
	body, read, err := readVersion(c, bucket, "link", "")
	must(t, err)
	equal(t, "body", body, "123456789")
	equal(t, "version", read, version)
	head, err := c.HeadObject(background, &oss.HeadObjectRequest{Bucket: &bucket, Key: opt("link")})
	must(t, err)
	equal(t, "type", oss.ToString(head.ObjectType), "Symlink")
	equal(t, "length", head.ContentLength, 9)
	equal(t, "etag", oss.ToString(head.ETag), `"25F9E794323B453885F5181F1B624D0B"`)
	page, err := c.ListObjectsV2(background, &oss.ListObjectsV2Request{Bucket: &bucket, Prefix: opt("link")})
	must(t, err)
	equal(t, "listed type", oss.ToString(page.Contents[0].Type), "Symlink")
	link("double", "link")
	link("nowhere", "missing")
	_, _, err = readVersion(c, bucket, "double", "")
	wantFailure(t, s, err, 400, "InvalidTargetType", "")
	_, _, err = readVersion(c, bucket, "nowhere", "")
	wantFailure(t, s, err, 404, "SymlinkTargetNotExist", "")
	_, err = c.HeadObject(background, &oss.HeadObjectRequest{Bucket: &bucket, Key: opt("nowhere")})
	wantFailure(t, s, err, 404, "SymlinkTargetNotExist", "")
	_, err = c.GetSymlink(background, &oss.GetSymlinkRequest{Bucket: &bucket, Key: opt("dir/target")})
	wantFailure(t, s, err, 400, "NotSymlink", "")
}

func TestCountersByClass(t *testing.T) {
	_, c, bucket := versioned(t)
	for class, body := range map[oss.StorageClassType]string{oss.StorageClassStandard: "1", oss.StorageClassIA: "22", oss.StorageClassColdArchive: "333"} {
		_, err := c.PutObject(background, &oss.PutObjectRequest{
			Bucket: &bucket, Key: opt("k"), StorageClass: class, Body: bytes.NewReader([]byte(body)),
		})
		must(t, err)
	}
	_, err := c.DeleteObject(background, &oss.DeleteObjectRequest{Bucket: &bucket, Key: opt("k")})
	must(t, err)
	stat, err := c.GetBucketStat(background, &oss.GetBucketStatRequest{Bucket: &bucket})
	must(t, err)
	equal(t, "objects", stat.ObjectCount, 3)
	equal(t, "bytes", stat.Storage, 6)
	equal(t, "markers", stat.DeleteMarkerCount, 1)
	equal(t, "standard", stat.StandardStorage, 1)
	equal(t, "infrequent access", stat.InfrequentAccessStorage, 2)
	equal(t, "infrequent access", stat.InfrequentAccessObjectCount, 1)
	equal(t, "cold archive", stat.ColdArchiveRealStorage, 3)
	equal(t, "live channels", stat.LiveChannelCount, 0)
}
