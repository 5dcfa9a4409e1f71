package e2e

import (
	"strings"
	"testing"
	"time"

	"github.com/aliyun/alibabacloud-oss-go-sdk-v2/oss"
)

// The five rows of a missing version, for every operation that reads one.
func TestRefusalsOfVersions(t *testing.T) {
	_, c, bucket := versioned(t)
	one := putVersion(t, c, bucket, "k", "one")
	marker, err := c.DeleteObject(background, &oss.DeleteObjectRequest{Bucket: &bucket, Key: opt("k")})
	must(t, err)
	hidden := oss.ToString(marker.VersionId)
	gone, live := putVersion(t, c, bucket, "live", "gone"), putVersion(t, c, bucket, "live", "live")
	must(t, call(c.DeleteObject, &oss.DeleteObjectRequest{Bucket: &bucket, Key: opt("live"), VersionId: &gone}))
	tags := &oss.Tagging{TagSet: &oss.TagSet{Tags: []oss.Tag{{Key: opt("a"), Value: opt("1")}}}}

	for name, read := range map[string]func(key string, version *string) error{
		"GetObject": func(key string, v *string) error {
			return call(c.GetObject, &oss.GetObjectRequest{Bucket: &bucket, Key: &key, VersionId: v})
		},
		"HeadObject": func(key string, v *string) error {
			return call(c.HeadObject, &oss.HeadObjectRequest{Bucket: &bucket, Key: &key, VersionId: v})
		},
		"GetObjectMeta": func(key string, v *string) error {
			return call(c.GetObjectMeta, &oss.GetObjectMetaRequest{Bucket: &bucket, Key: &key, VersionId: v})
		},
		"GetObjectAcl": func(key string, v *string) error {
			return call(c.GetObjectAcl, &oss.GetObjectAclRequest{Bucket: &bucket, Key: &key, VersionId: v})
		},
		"PutObjectAcl": func(key string, v *string) error {
			return call(c.PutObjectAcl, &oss.PutObjectAclRequest{Bucket: &bucket, Key: &key, VersionId: v, Acl: oss.ObjectACLPrivate})
		},
		"GetObjectTagging": func(key string, v *string) error {
			return call(c.GetObjectTagging, &oss.GetObjectTaggingRequest{Bucket: &bucket, Key: &key, VersionId: v})
		},
		"PutObjectTagging": func(key string, v *string) error {
			return call(c.PutObjectTagging, &oss.PutObjectTaggingRequest{Bucket: &bucket, Key: &key, VersionId: v, Tagging: tags})
		},
		"DeleteObjectTagging": func(key string, v *string) error {
			return call(c.DeleteObjectTagging, &oss.DeleteObjectTaggingRequest{Bucket: &bucket, Key: &key, VersionId: v})
		},
		"GetSymlink": func(key string, v *string) error {
			return call(c.GetSymlink, &oss.GetSymlinkRequest{Bucket: &bucket, Key: &key, VersionId: v})
		},
		"RestoreObject": func(key string, v *string) error {
			return call(c.RestoreObject, &oss.RestoreObjectRequest{Bucket: &bucket, Key: &key, VersionId: v})
		},
		"GetObjectRetention": func(key string, v *string) error {
			return call(c.GetObjectRetention, &oss.GetObjectRetentionRequest{Bucket: &bucket, Key: &key, VersionId: v})
		},
		"GetObjectLegalHold": func(key string, v *string) error {
			return call(c.GetObjectLegalHold, &oss.GetObjectLegalHoldRequest{Bucket: &bucket, Key: &key, VersionId: v})
		},
		"CopyObject": func(key string, v *string) error {
			return call(c.CopyObject, &oss.CopyObjectRequest{Bucket: &bucket, Key: opt("copy"), SourceKey: &key, SourceVersionId: v})
		},
	} {
		t.Run(name, func(t *testing.T) {
			current := says(t, read("k", nil), "NoSuchKey")
			if name != "CopyObject" {
				equal(t, "marker", current.Headers.Get("x-oss-delete-marker"), "true")
				equal(t, "its version", current.Headers.Get("x-oss-version-id"), hidden)
			}
			switch err := read("k", &hidden); name {
			case "GetObject", "HeadObject", "GetObjectMeta":
				refusal := says(t, err, "MethodNotAllowed")
				equal(t, "Allow", refusal.Headers.Get("Allow"), "DELETE")
				equal(t, "marker", refusal.Headers.Get("x-oss-delete-marker"), "true")
				if name == "GetObject" && !strings.Contains(string(refusal.Snapshot), "<Method>GET</Method><ResourceType>DeleteMarker</ResourceType>") {
					t.Errorf("%s", refusal.Snapshot)
				}
			default:
				says(t, err, "NoSuchKey")
			}
			says(t, read("live", &gone), "NoSuchVersion")
			says(t, read("live", opt("null")), "NoSuchVersion")
			says(t, read("live", opt("malformed")), "InvalidArgument", badVersion)
			// One character less than one that there is.
			says(t, read("live", opt(live[:63])), "InvalidArgument", badVersion)
			empty := read("live", new(string))
			if name == "CopyObject" {
				// The SDK leaves an empty version of a source out.
				must(t, empty)
				_, _, empty = sent(c, "PUT", bucket, "copy", nil, map[string]string{"x-oss-copy-source": "/" + bucket + "/live?versionId="}, "")
			}
			says(t, empty, "InvalidArgument", emptyID)
		})
	}
	says(t, call(c.DeleteObject, &oss.DeleteObjectRequest{Bucket: &bucket, Key: opt("live"), VersionId: opt("malformed")}), "InvalidArgument", badVersion)
	says(t, call(c.DeleteObject, &oss.DeleteObjectRequest{Bucket: &bucket, Key: opt("live"), VersionId: new(string)}), "InvalidArgument", emptyID)
	must(t, call(c.DeleteObject, &oss.DeleteObjectRequest{Bucket: &bucket, Key: opt("live"), VersionId: &gone}))
	says(t, call(c.AppendObject, &oss.AppendObjectRequest{Bucket: &bucket, Key: opt("k"), Position: oss.Ptr(int64(0)), Body: strings.NewReader("x")}), "ObjectNotAppendable")
	body, _, err := readVersion(c, bucket, "live", "")
	must(t, err)
	equal(t, "body", body, "live")
	body, _, err = readVersion(c, bucket, "k", one)
	must(t, err)
	equal(t, "body", body, "one")

	// Nothing forbids another version.
	yes := opt("true")
	for _, status := range []oss.VersioningStatusType{oss.VersionEnabled, oss.VersionSuspended} {
		setVersioning(t, c, bucket, status)
		must(t, call(c.PutObject, &oss.PutObjectRequest{Bucket: &bucket, Key: opt("live"), Body: strings.NewReader("x"), ForbidOverwrite: yes}))
		must(t, call(c.CopyObject, &oss.CopyObjectRequest{Bucket: &bucket, Key: opt("live"), SourceKey: opt("live"), ForbidOverwrite: yes}))
		must(t, call(c.PutSymlink, &oss.PutSymlinkRequest{Bucket: &bucket, Key: opt("live"), Target: opt("k"), ForbidOverwrite: yes}))
	}
	appended, err := c.AppendObject(background, &oss.AppendObjectRequest{Bucket: &bucket, Key: opt("log"), Position: oss.Ptr(int64(0)), Body: strings.NewReader("x")})
	must(t, err)
	equal(t, "version of an appendable object", appended.Headers.Get("x-oss-version-id"), "null")
}

// classes puts an object of each class, with the name of the class in lower case as its key.
func classes(t *testing.T) (*oss.Client, string) {
	t.Helper()
	c, bucket := unversioned(t)
	for _, class := range []oss.StorageClassType{oss.StorageClassStandard, oss.StorageClassArchive, oss.StorageClassColdArchive, oss.StorageClassDeepColdArchive} {
		key := strings.ToLower(string(class))
		must(t, call(c.PutObject, &oss.PutObjectRequest{Bucket: &bucket, Key: &key, StorageClass: class, Body: strings.NewReader("frozen")}))
	}
	return c, bucket
}

func restore(c *oss.Client, bucket, key string, days int32, tier string) error {
	q := &oss.RestoreObjectRequest{Bucket: &bucket, Key: &key}
	if days != 0 {
		q.RestoreRequest = &oss.RestoreRequest{Days: days}
	}
	if tier != "" {
		q.RestoreRequest.JobParameters = &oss.JobParameters{Tier: &tier}
	}
	return call(c.RestoreObject, q)
}

func cleanRestored(c *oss.Client, bucket, key string) error {
	return call(c.CleanRestoredObject, &oss.CleanRestoredObjectRequest{Bucket: &bucket, Key: &key})
}

func TestRestoreRefusals(t *testing.T) {
	c, bucket := classes(t)
	refusal := says(t, restore(c, bucket, "standard", 0, ""), "OperationNotSupported", "", "0016-00000702")
	if !strings.Contains(string(refusal.Snapshot), "<Detail>RestoreObject operation does not support this object storage class</Detail>") {
		t.Errorf("%s", refusal.Snapshot)
	}
	says(t, restore(c, bucket, "absent", 0, ""), "NoSuchKey")
	says(t, restore(c, bucket, "coldarchive", 1, "Fast"), "InvalidArgument")
	says(t, restore(c, bucket, "archive", 1, "Standard"), "MalformedXML")
	says(t, restore(c, bucket, "deepcoldarchive", 1, "Bulk"), "MalformedXML")
	says(t, restore(c, bucket, "archive", 8, ""), "InvalidArgument")
	says(t, restore(c, bucket, "coldarchive", 366, ""), "InvalidArgument")
	_, _, err := sent(c, "POST", bucket, "archive", map[string]string{"restore": ""}, nil, "<RestoreRequest><")
	says(t, err, "MalformedXML")
	says(t, cleanRestored(c, bucket, "standard"), "OperationNotSupported")
	says(t, cleanRestored(c, bucket, "absent"), "NoSuchKey")
	for _, key := range []string{"archive", "coldarchive", "deepcoldarchive"} {
		says(t, cleanRestored(c, bucket, key), "ArchiveRestoreFileStale")
		says(t, call(c.GetObject, &oss.GetObjectRequest{Bucket: &bucket, Key: &key}), "InvalidObjectState")
		must(t, call(c.HeadObject, &oss.HeadObjectRequest{Bucket: &bucket, Key: &key}))
	}
}

// A server whose clock is put back by ten minutes has not finished what it began.
func TestRestoreThatGoesOn(t *testing.T) {
	c, bucket := classes(t)
	moveClock(t, 10*time.Minute)
	must(t, restore(c, bucket, "archive", 0, ""))
	must(t, restore(c, bucket, "coldarchive", 1, "Bulk"))
	resetClock(t)
	for _, key := range []string{"archive", "coldarchive"} {
		head, err := c.HeadObject(background, &oss.HeadObjectRequest{Bucket: &bucket, Key: &key})
		must(t, err)
		equal(t, "state", oss.ToString(head.Restore), `ongoing-request="true"`)
		says(t, call(c.GetObject, &oss.GetObjectRequest{Bucket: &bucket, Key: &key}), "InvalidObjectState")
		says(t, cleanRestored(c, bucket, key), "ArchiveRestoreNotFinished")
	}
	says(t, restore(c, bucket, "archive", 0, ""), "RestoreAlreadyInProgress")
	says(t, restore(c, bucket, "coldarchive", 1, "Bulk"), "RestoreAlreadyInProgress")
	// Sooner is another matter.
	must(t, restore(c, bucket, "coldarchive", 1, "Expedited"))
	moveClock(t, 10*time.Minute)
	equal(t, "body", bodyOf(t, c, bucket, "coldarchive"), "frozen")
	must(t, cleanRestored(c, bucket, "coldarchive"))
	says(t, cleanRestored(c, bucket, "coldarchive"), "ArchiveRestoreFileStale")
}

// What is held stays, by whichever way it would be replaced or removed.
func TestRefusalsOfWhatIsHeld(t *testing.T) {
	s := newStage(t)
	c, bucket, k := s.c, s.bucket, opt("k")
	hold := func(key *string, status string) error {
		return call(c.PutObjectLegalHold, &oss.PutObjectLegalHoldRequest{Bucket: bucket, Key: key, LegalHold: &oss.ObjectWormLegalHold{Status: &status}})
	}
	for _, key := range []string{"k", "log"} {
		must(t, hold(&key, "ON"))
		t.Cleanup(func() { must(t, hold(&key, "OFF")) })
	}
	shown, err := c.GetObjectLegalHold(background, &oss.GetObjectLegalHoldRequest{Bucket: bucket, Key: k})
	must(t, err)
	equal(t, "hold", oss.ToString(shown.LegalHold.Status), "ON")
	id, err := s.s.initiate(*bucket, "k", putOptions{})
	must(t, err)
	etag, err := s.s.uploadPart(*bucket, "k", id, 1, []byte("part"))
	must(t, err)
	_, completed := s.s.complete(*bucket, "k", id, []part{{number: 1, etag: etag}})
	_, removed := s.s.removeMany(*bucket, []string{"k"}, false)
	_, copied := s.s.copyObject(*bucket, "link", *bucket, "k", nil)
	s.seen = s.look(t)
	for what, err := range map[string]error{
		"put": s.s.put(*bucket, "k", []byte("x"), putOptions{}), "delete": s.s.remove(*bucket, "k"), "complete": completed,
		"delete many": removed, "copy": copied,
		"link":   call(c.PutSymlink, &oss.PutSymlinkRequest{Bucket: bucket, Key: k, Target: opt("log")}),
		"append": call(c.AppendObject, &oss.AppendObjectRequest{Bucket: bucket, Key: opt("log"), Position: oss.Ptr(int64(5)), Body: strings.NewReader("x")}),
	} {
		s.refuses(t, what, err, "FileImmutable")
	}
	equal(t, "body", len(bodyOf(t, c, *bucket, "k")), 1000)
	s.refuses(t, "hold: there is no such", hold(k, "MAYBE"), "MalformedXML")
	s.refuses(t, "hold: absent", hold(opt("absent"), "ON"), "NoSuchKey")
	s.refuses(t, "get hold: absent", call(c.GetObjectLegalHold, &oss.GetObjectLegalHoldRequest{Bucket: bucket, Key: opt("absent")}), "NoSuchKey")
}

func TestRefusalsOfRetentions(t *testing.T) {
	s := newStage(t)
	c, bucket := s.c, s.bucket
	in := func(d time.Duration) string { return time.Now().UTC().Add(d).Format("2006-01-02T15:04:05.000Z") }
	put := func(key, mode, until string, bypass bool) error {
		return call(c.PutObjectRetention, &oss.PutObjectRetentionRequest{
			Bucket: bucket, Key: &key, BypassGovernanceRetention: &bypass, Retention: &oss.ObjectWormRetention{Mode: &mode, RetainUntilDate: &until},
		})
	}
	s.refuses(t, "absent", put("absent", "GOVERNANCE", in(time.Hour), false), "NoSuchKey")
	s.refuses(t, "get: absent", call(c.GetObjectRetention, &oss.GetObjectRetentionRequest{Bucket: bucket, Key: opt("absent")}), "NoSuchKey")
	s.refuses(t, "get: none", call(c.GetObjectRetention, &oss.GetObjectRetentionRequest{Bucket: bucket, Key: opt("k")}), "NoSuchObjectWormConfiguration")
	s.refuses(t, "mode", put("k", "FOREVER", in(time.Hour), false), "MalformedXML")
	s.refuses(t, "no date", put("k", "GOVERNANCE", "tomorrow", false), "MalformedXML")
	s.refuses(t, "past", put("k", "GOVERNANCE", in(-time.Minute), false), "InvalidArgument")
	must(t, put("k", "GOVERNANCE", in(2*time.Hour), false))
	// Longer is free, shorter takes the right to bypass.
	must(t, put("k", "GOVERNANCE", in(3*time.Hour), false))
	s.refuses(t, "shorter", put("k", "GOVERNANCE", in(time.Hour), false), "FileImmutable")
	s.refuses(t, "delete", s.s.remove(*bucket, "k"), "FileImmutable")
	must(t, put("k", "GOVERNANCE", in(time.Minute), true))
	must(t, call(c.DeleteObject, &oss.DeleteObjectRequest{
		Bucket: bucket, Key: opt("k"), RequestCommon: with(map[string]string{"x-oss-bypass-governance-retention": "true"}),
	}))
}
