package e2e

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"github.com/aliyun/alibabacloud-oss-go-sdk-v2/oss"
	"github.com/aliyun/alibabacloud-oss-go-sdk-v2/oss/credentials"
)

const (
	wrongMD5    = "1B2M2Y8AsgTpgAmY7PhCfg=="
	longAgo     = "Mon, 15 Jan 2001 08:30:45 GMT"
	later       = "Mon, 15 Jan 2035 08:30:45 GMT"
	noACL       = "no such object access control exists"
	noKey       = "The specified object is not valid."
	longKey     = "The Length of Object name must be less than 1024."
	badTags     = "The header 'x-oss-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters without tag name duplicates."
	badSource   = "Copy Source must mention the source bucket and key: /sourcebucket/sourcekey."
	badVersion  = "Invalid version id specified."
	emptyID     = "Version id can not be the empty string."
	badTagKey   = "The TagKey you have provided is invalid."
	badTagValue = "The TagValue you have provided is invalid."
	// The documentation's lower limit is 819200, but this SDK and a suite of another know 245760.
	badLimit = "x-oss-traffic-limit is invalid, should be specified between 245760(30KB/s) and 838860800(100MB/s)."
)

// writers are the operations that make an object, with these headers.
func (s *stage) writers() map[string]func(headers map[string]string) error {
	c, bucket, key := s.c, s.bucket, opt("new")
	return map[string]func(map[string]string) error{
		"PutObject": func(h map[string]string) error {
			return call(c.PutObject, &oss.PutObjectRequest{Bucket: bucket, Key: key, Body: strings.NewReader("x"), RequestCommon: with(h)})
		},
		"CopyObject": func(h map[string]string) error {
			return call(c.CopyObject, &oss.CopyObjectRequest{Bucket: bucket, Key: key, SourceKey: opt("k"), RequestCommon: with(h)})
		},
		"AppendObject": func(h map[string]string) error {
			return call(c.AppendObject, &oss.AppendObjectRequest{
				Bucket: bucket, Key: key, Position: oss.Ptr(int64(0)), Body: strings.NewReader("x"), RequestCommon: with(h),
			})
		},
		"InitiateMultipartUpload": func(h map[string]string) error {
			return call(c.InitiateMultipartUpload, &oss.InitiateMultipartUploadRequest{Bucket: bucket, Key: key, RequestCommon: with(h)})
		},
		"PutSymlink": func(h map[string]string) error {
			return call(c.PutSymlink, &oss.PutSymlinkRequest{Bucket: bucket, Key: key, Target: opt("k"), RequestCommon: with(h)})
		},
	}
}

// What no operation takes that makes an object: headers, code, message, EC.
func TestRefusalsOfWriters(t *testing.T) {
	const sse = "x-oss-server-side-encryption"
	s := newStage(t)
	tags := []string{}
	for n := range 11 {
		tags = append(tags, fmt.Sprintf("t%d=", n))
	}
	persistent := func(name, value string) map[string]string {
		return map[string]string{"x-oss-persistent-headers": name + ":" + base64.StdEncoding.EncodeToString([]byte(value))}
	}
	for name, write := range s.writers() {
		for what, row := range map[string]struct {
			headers map[string]string
			want    []string
		}{
			"an ACL that there is not":          {map[string]string{"x-oss-object-acl": "open"}, []string{"InvalidArgument", noACL, "0017-00000104"}},
			"a class that there is not":         {map[string]string{"x-oss-storage-class": "Frozen"}, []string{"InvalidArgument"}},
			"a cipher that there is not":        {map[string]string{sse: "ROT13"}, []string{"InvalidEncryptionAlgorithmError"}},
			"a data cipher that there is not":   {map[string]string{sse: "KMS", "x-oss-server-side-data-encryption": "AES256"}, []string{"InvalidDataEncryptionAlgorithmError"}},
			"a key id without KMS":              {map[string]string{sse: "AES256", sse + "-key-id": "id"}, []string{"InvalidArgument"}},
			"a tag given twice":                 {map[string]string{"x-oss-tagging": "a=1&a=2"}, []string{"InvalidArgument", badTags}},
			"a tag that is not encoded":         {map[string]string{"x-oss-tagging": "a=%zz"}, []string{"InvalidArgument", badTags}},
			"eleven tags":                       {map[string]string{"x-oss-tagging": strings.Join(tags, "&")}, []string{"InvalidTag"}},
			"a long tag key":                    {map[string]string{"x-oss-tagging": strings.Repeat("k", 129)}, []string{"InvalidTag", badTagKey}},
			"a long tag value":                  {map[string]string{"x-oss-tagging": "k=" + strings.Repeat("v", 257)}, []string{"InvalidTag", badTagValue}},
			"no name for metadata":              {map[string]string{"x-oss-meta-a_b": "1"}, []string{"InvalidArgument"}},
			"more than 8 KiB of metadata":       {map[string]string{"x-oss-meta-a": strings.Repeat("v", 8200)}, []string{"MetaTooLarge"}},
			"a reserved persistent header":      {persistent("Host", "a"), []string{"InvalidArgument"}},
			"a persistent header of two lines":  {persistent("a", "b\r\nc: d"), []string{"InvalidArgument"}},
			"a persistent header not in base64": {map[string]string{"x-oss-persistent-headers": "a:*"}, []string{"InvalidArgument"}},
		} {
			s.refuses(t, name+": "+what, write(row.headers), row.want[0], row.want[1:]...)
		}
	}
}

func TestRefusalsOfWritesAndDeletes(t *testing.T) {
	s := newStage(t)
	c, bucket, k, absent, nobody := s.c, s.bucket, opt("k"), opt("absent"), opt("e2e-go-no-such-bucket")
	text := func() *strings.Reader { return strings.NewReader("x") }
	put := func(set func(*oss.PutObjectRequest)) error {
		q := &oss.PutObjectRequest{Bucket: bucket, Key: k, Body: text()}
		set(q)
		return call(c.PutObject, q)
	}
	s.refuses(t, "put: key of 1024 bytes", put(func(q *oss.PutObjectRequest) { q.Key = opt(strings.Repeat("k", 1024)) }), "InvalidObjectName", longKey)
	s.refuses(t, "put: leading slash", put(func(q *oss.PutObjectRequest) { q.Key = opt("/k") }), "InvalidObjectName", noKey, "0016-00000005")
	s.refuses(t, "put: leading backslash", put(func(q *oss.PutObjectRequest) { q.Key = opt(`\k`) }), "InvalidObjectName", noKey, "0016-00000005")
	s.refuses(t, "put: MD5 of another body", put(func(q *oss.PutObjectRequest) { q.ContentMD5 = opt(wrongMD5) }), "InvalidDigest")
	s.refuses(t, "put: MD5 that is none", put(func(q *oss.PutObjectRequest) { q.ContentMD5 = opt("none") }), "InvalidDigest")
	s.refuses(t, "put: CRC of another body", put(func(q *oss.PutObjectRequest) { q.Headers = map[string]string{"x-oss-hash-crc64ecma": "1"} }), "InvalidCRC64")
	s.refuses(t, "put: no bucket", put(func(q *oss.PutObjectRequest) { q.Bucket = nobody }), "NoSuchBucket")
	for _, limit := range []int64{1000, 838_860_801} {
		s.refuses(t, fmt.Sprint("put: speed ", limit), put(func(q *oss.PutObjectRequest) { q.TrafficLimit = limit }), "InvalidArgument", badLimit)
	}
	s.refusesSent(t, "put: two limits of speed", "PUT", "k", map[string]string{"x-oss-traffic-limit": "900000"},
		map[string]string{"x-oss-traffic-limit": "900000"}, "x", "InvalidArgument",
		"x-oss-traffic-limit should be specified either in query string or header, not both.")
	for name, value := range map[string]string{"If-Match": "*", "If-None-Match": "*", "If-Modified-Since": longAgo, "If-Unmodified-Since": later} {
		err := put(func(q *oss.PutObjectRequest) { q.Headers = map[string]string{name: value} })
		s.refuses(t, "put: "+name, err, "NotImplemented")
		if refusal := says(t, err, "NotImplemented"); !strings.Contains(string(refusal.Snapshot), "<Header>"+name+"</Header>") {
			t.Errorf("%s", refusal.Snapshot)
		}
	}
	yes := opt("true")
	s.refuses(t, "put: exists", put(func(q *oss.PutObjectRequest) { q.ForbidOverwrite = yes }), "FileAlreadyExists")
	s.refuses(t, "copy: exists", call(c.CopyObject, &oss.CopyObjectRequest{Bucket: bucket, Key: k, SourceKey: opt("log"), ForbidOverwrite: yes}), "FileAlreadyExists")
	s.refuses(t, "begin: exists", call(c.InitiateMultipartUpload, &oss.InitiateMultipartUploadRequest{Bucket: bucket, Key: k, ForbidOverwrite: yes}), "FileAlreadyExists")
	s.refuses(t, "link: exists", call(c.PutSymlink, &oss.PutSymlinkRequest{Bucket: bucket, Key: k, Target: opt("log"), ForbidOverwrite: yes}), "FileAlreadyExists")

	copied := func(source string, set func(*oss.CopyObjectRequest)) error {
		q := &oss.CopyObjectRequest{Bucket: bucket, Key: opt("new"), SourceKey: &source}
		if set != nil {
			set(q)
		}
		return call(c.CopyObject, q)
	}
	s.refuses(t, "copy: absent", copied("absent", nil), "NoSuchKey")
	s.refuses(t, "copy: archived", copied("archived", nil), "InvalidObjectState")
	s.refuses(t, "copy: no bucket", copied("k", func(q *oss.CopyObjectRequest) { q.SourceBucket = nobody }), "NoSuchBucket")
	s.refuses(t, "copy: directive", copied("k", func(q *oss.CopyObjectRequest) { q.MetadataDirective = opt("MOVE") }), "InvalidArgument")
	s.refuses(t, "copy: tagging directive", copied("k", func(q *oss.CopyObjectRequest) { q.TaggingDirective = opt("Move") }), "InvalidArgument")
	s.refuses(t, "copy: speed", copied("k", func(q *oss.CopyObjectRequest) { q.TrafficLimit = 1 }), "InvalidArgument", badLimit)
	s.refuses(t, "copy: if-match", copied("k", func(q *oss.CopyObjectRequest) { q.IfMatch = opt(`"0"`) }), "PreconditionFailed")
	s.refuses(t, "copy: if-unmodified-since", copied("k", func(q *oss.CopyObjectRequest) { q.IfUnmodifiedSince = opt(longAgo) }), "PreconditionFailed")
	s.refuses(t, "copy: if-none-match", copied("k", func(q *oss.CopyObjectRequest) { q.IfNoneMatch = opt("*") }), "BadErrorResponse")
	s.refuses(t, "copy: if-modified-since", copied("k", func(q *oss.CopyObjectRequest) { q.IfModifiedSince = opt(later) }), "BadErrorResponse")
	for _, source := range []string{"/", "/bucket", "/bucket/", "/bucket/%zz"} {
		s.refusesSent(t, "copy: from "+source, "PUT", "new", nil, map[string]string{"x-oss-copy-source": source}, "", "InvalidArgument", badSource)
	}

	appended := func(key string, position int64, headers map[string]string) error {
		return call(c.AppendObject, &oss.AppendObjectRequest{Bucket: bucket, Key: &key, Position: &position, Body: text(), RequestCommon: with(headers)})
	}
	for what, row := range map[string]struct {
		err    error
		length string
	}{"not at the end": {appended("log", 4, nil), "5"}, "absent, not at 0": {appended("new", 1, nil), "0"}} {
		s.refuses(t, "append: "+what, row.err, "PositionNotEqualToLength")
		equal(t, "length", says(t, row.err, "PositionNotEqualToLength").Headers.Get("x-oss-next-append-position"), row.length)
	}
	s.refuses(t, "append: normal object", appended("k", 1000, nil), "ObjectNotAppendable")
	s.refuses(t, "append: link", appended("link", 0, nil), "ObjectNotAppendable")
	s.refuses(t, "append: sealed", appended("sealed", 5, nil), "ObjectNotAppendable")
	s.refuses(t, "append: class", appended("new", 0, map[string]string{"x-oss-storage-class": "ColdArchive"}), "InvalidArgument")
	s.refuses(t, "append: MD5 of another body", appended("log", 5, map[string]string{"Content-MD5": wrongMD5}), "InvalidDigest")
	s.refuses(t, "append: CRC of another body", appended("log", 5, map[string]string{"x-oss-hash-crc64ecma": "1"}), "InvalidCRC64")
	s.refusesSent(t, "append: without a position", "POST", "new", map[string]string{"append": ""}, nil, "x", "MissingArgument")
	for _, position := range []string{"end", "-1"} {
		s.refusesSent(t, "append: at "+position, "POST", "log", map[string]string{"append": "", "position": position}, nil, "x", "InvalidArgument")
	}
	seal := func(key string, position int64) error {
		return call(c.SealAppendObject, &oss.SealAppendObjectRequest{Bucket: bucket, Key: &key, Position: &position})
	}
	s.refuses(t, "seal: not at the end", seal("log", 4), "PositionNotEqualToLength")
	s.refuses(t, "seal: normal object", seal("k", 1000), "ObjectNotAppendable")
	s.refuses(t, "seal: absent", seal("absent", 0), "NoSuchKey")
	s.refusesSent(t, "seal: without a position", "POST", "log", map[string]string{"seal": ""}, nil, "", "MissingArgument")

	s.refuses(t, "delete: no bucket", call(c.DeleteObject, &oss.DeleteObjectRequest{Bucket: nobody, Key: k}), "NoSuchBucket")
	s.refuses(t, "delete: version that is none", call(c.DeleteObject, &oss.DeleteObjectRequest{Bucket: bucket, Key: k, VersionId: opt("1")}), "InvalidArgument", badVersion)
	crowd := []oss.DeleteObject{}
	for range 1001 {
		crowd = append(crowd, oss.DeleteObject{Key: k})
	}
	many := func(q *oss.DeleteMultipleObjectsRequest) error { return call(c.DeleteMultipleObjects, q) }
	s.refuses(t, "delete many: 1001 keys", many(&oss.DeleteMultipleObjectsRequest{Bucket: bucket, Objects: crowd}), "MalformedXML", "", "0016-00000608")
	s.refuses(t, "delete many: key of 1024 bytes", many(&oss.DeleteMultipleObjectsRequest{
		Bucket: bucket, Objects: []oss.DeleteObject{{Key: k}, {Key: opt(strings.Repeat("k", 1024))}},
	}), "InvalidObjectName", longKey)
	s.refuses(t, "delete many: version that is none", many(&oss.DeleteMultipleObjectsRequest{
		Bucket: bucket, Objects: []oss.DeleteObject{{Key: k}, {Key: k, VersionId: opt("1")}},
	}), "InvalidArgument", badVersion)
	s.refuses(t, "delete many: no bucket", many(&oss.DeleteMultipleObjectsRequest{Bucket: nobody, Objects: []oss.DeleteObject{{Key: k}}}), "NoSuchBucket")
	s.refusesSent(t, "delete many: MD5 of another body", "POST", "", map[string]string{"delete": ""}, map[string]string{"Content-MD5": wrongMD5},
		"<Delete><Object><Key>k</Key></Object></Delete>", "InvalidDigest")
	for what, body := range map[string]string{
		"no XML": "<Delete><", "no key": "<Delete></Delete>", "more than 2 MB": "<Delete><Object><Key>k</Key></Object>" + strings.Repeat(" ", 2<<20) + "</Delete>",
	} {
		s.refusesSent(t, "delete many: "+what, "POST", "", map[string]string{"delete": ""}, nil, body, "MalformedXML", "", "0016-00000608")
	}

	s.refusesSent(t, "delete many: empty key", "POST", "", map[string]string{"delete": ""}, nil, "<Delete><Object><Key></Key></Object></Delete>",
		"InvalidObjectName", "The Object name can not be empty.")

	acl := func(key *string, acl string) error {
		return call(c.PutObjectAcl, &oss.PutObjectAclRequest{Bucket: bucket, Key: key, Acl: oss.ObjectACLType(acl)})
	}
	s.refuses(t, "put ACL: there is no such", acl(k, "open"), "InvalidArgument", noACL, "0017-00000104")
	s.refuses(t, "put ACL: absent", acl(absent, "private"), "NoSuchKey")
	link := func(target string) error {
		return call(c.PutSymlink, &oss.PutSymlinkRequest{Bucket: bucket, Key: opt("new"), Target: &target})
	}
	s.refuses(t, "link: to what is no key", link(strings.Repeat("k", 1024)), "InvalidArgument")
	s.refusesSent(t, "link: to nothing", "PUT", "new", map[string]string{"symlink": ""}, nil, "", "InvalidArgument")
	tag := func(key *string, tags ...oss.Tag) error {
		return call(c.PutObjectTagging, &oss.PutObjectTaggingRequest{Bucket: bucket, Key: key, Tagging: &oss.Tagging{TagSet: &oss.TagSet{Tags: tags}}})
	}
	eleven := []oss.Tag{}
	for n := range 11 {
		eleven = append(eleven, oss.Tag{Key: opt(fmt.Sprint(n)), Value: opt("1")})
	}
	s.refuses(t, "tags: eleven", tag(k, eleven...), "InvalidTag")
	s.refuses(t, "tags: given twice", tag(k, eleven[0], eleven[0]), "InvalidTag")
	s.refuses(t, "tags: character", tag(k, oss.Tag{Key: opt("a*"), Value: opt("1")}), "InvalidTag", badTagKey)
	s.refuses(t, "tags: long value", tag(k, oss.Tag{Key: opt("a"), Value: opt(strings.Repeat("v", 257))}), "InvalidTag", badTagValue)
	s.refuses(t, "tags: absent", tag(absent, eleven[0]), "NoSuchKey")
	s.refuses(t, "delete tags: absent", call(c.DeleteObjectTagging, &oss.DeleteObjectTaggingRequest{Bucket: bucket, Key: absent}), "NoSuchKey")
	for _, body := range []string{"<Tagging><", "<Tags/>"} {
		s.refusesSent(t, "tags: "+body, "PUT", "k", map[string]string{"tagging": ""}, nil, body, "MalformedXML")
	}
	s.refusesSent(t, "no such method", "DELETE", "k", map[string]string{"acl": ""}, nil, "", "MethodNotAllowed")
	s.refusesSent(t, "a sub-resource that there is not", "PUT", "k", map[string]string{"no-such-thing": ""}, nil, "x", "InvalidArgument")
	// What is out of scope says so, and never becomes an upload or a removal.
	for query, method := range map[string]string{
		"live": "PUT", "vod": "POST", "x-oss-async-process": "POST", "x-oss-dir": "POST", "x-oss-delete": "POST", "x-oss-rename": "POST",
	} {
		s.refusesSent(t, method+" ?"+query, method, "k", map[string]string{query: ""}, nil, "", "NotImplemented")
	}
}

func TestRefusalsOfReads(t *testing.T) {
	s := newStage(t)
	c, bucket, nobody := s.c, s.bucket, opt("e2e-go-no-such-bucket")
	reads := map[string]func(key string, headers map[string]string) error{
		"get": func(key string, h map[string]string) error {
			return call(c.GetObject, &oss.GetObjectRequest{Bucket: bucket, Key: &key, RequestCommon: with(h)})
		},
		"head": func(key string, h map[string]string) error {
			return call(c.HeadObject, &oss.HeadObjectRequest{Bucket: bucket, Key: &key, RequestCommon: with(h)})
		},
	}
	for name, read := range reads {
		s.refuses(t, name+": absent", read("absent", nil), "NoSuchKey")
		s.refuses(t, name+": link to nothing", read("nowhere", nil), "SymlinkTargetNotExist")
		s.refuses(t, name+": link to a link", read("double", nil), "InvalidTargetType")
		for header, row := range map[string][2]string{
			"If-Match": {`"0"`, "PreconditionFailed"}, "If-Unmodified-Since": {longAgo, "PreconditionFailed"},
			// A date to come counts like any other, as the suite of another SDK expects.
			"If-None-Match": {"*", "BadErrorResponse"}, "If-Modified-Since": {later, "BadErrorResponse"},
		} {
			err := read("k", map[string]string{header: row[0]})
			s.refuses(t, name+": "+header, err, row[1])
			if refusal := says(t, err, row[1]); refusal.StatusCode == 304 && refusal.Headers.Get("ETag") == "" {
				t.Error("304 without ETag")
			}
		}
		// All of them have to hold.
		head, err := s.s.head(*bucket, "k")
		must(t, err)
		must(t, read("k", map[string]string{
			"If-Match": head.header.Get("ETag"), "If-None-Match": `"0"`, "If-Modified-Since": "yesterday", "If-Unmodified-Since": later,
		}))
	}
	s.refuses(t, "get: archived", reads["get"]("archived", nil), "InvalidObjectState")
	s.refuses(t, "get: speed", call(c.GetObject, &oss.GetObjectRequest{Bucket: bucket, Key: opt("k"), TrafficLimit: 1}), "InvalidArgument", badLimit)
	s.refuses(t, "meta: absent", call(c.GetObjectMeta, &oss.GetObjectMetaRequest{Bucket: bucket, Key: opt("absent")}), "NoSuchKey")
	s.refuses(t, "meta: no bucket", call(c.GetObjectMeta, &oss.GetObjectMetaRequest{Bucket: nobody, Key: opt("k")}), "NoSuchBucket")
	s.refuses(t, "get ACL: absent", call(c.GetObjectAcl, &oss.GetObjectAclRequest{Bucket: bucket, Key: opt("absent")}), "NoSuchKey")
	s.refuses(t, "get tags: absent", call(c.GetObjectTagging, &oss.GetObjectTaggingRequest{Bucket: bucket, Key: opt("absent")}), "NoSuchKey")
	s.refuses(t, "get link: absent", call(c.GetSymlink, &oss.GetSymlinkRequest{Bucket: bucket, Key: opt("absent")}), "NoSuchKey")
	s.refuses(t, "get link: none", call(c.GetSymlink, &oss.GetSymlinkRequest{Bucket: bucket, Key: opt("k")}), "NotSymlink")
	// The facts of a link are its own.
	meta, err := c.GetObjectMeta(background, &oss.GetObjectMetaRequest{Bucket: bucket, Key: opt("k")})
	must(t, err)
	equal(t, "length", meta.ContentLength, 1000)
	meta, err = c.GetObjectMeta(background, &oss.GetObjectMetaRequest{Bucket: bucket, Key: opt("link")})
	must(t, err)
	equal(t, "length of a link", meta.ContentLength, 0)
}

// What is served of 1000 bytes, by default and with x-oss-range-behavior: "" is everything, "416" a refusal.
func TestRanges(t *testing.T) {
	s := newStage(t)
	body := strings.Repeat(stageBody, 100)
	for header, want := range map[string][2]string{
		"bytes=0-499": {"0-499", "0-499"}, "bytes=500-": {"500-999", "500-999"}, "bytes=-500": {"500-999", "500-999"},
		"bytes=0-1000": {"", "0-999"}, "bytes=500-2000": {"", "500-999"}, "bytes=1000-2000": {"", "416"}, "bytes=1000-": {"", "416"},
		"bytes=-2000": {"", "0-999"}, "bytes=-0": {"416", "416"}, "bytes=9-5": {"", ""}, "lines=0-5": {"", ""}, "something": {"", ""},
		"bytes=0-1,5-6": {"0-1", "0-1"},
	} {
		for i, behaviour := range []string{"", "standard"} {
			t.Run(header+" "+behaviour, func(t *testing.T) {
				headers := map[string]string{"Range": header}
				if behaviour != "" {
					headers["x-oss-range-behavior"] = behaviour
				}
				out, got, err := sent(s.c, "GET", *s.bucket, "k", nil, headers, "")
				if want[i] == "416" {
					says(t, err, "InvalidRange")
					return
				}
				must(t, err)
				status, first, last := 200, 0, 999
				if want[i] != "" {
					status = 206
					_, err := fmt.Sscanf(want[i], "%d-%d", &first, &last)
					must(t, err)
					equal(t, "Content-Range", out.Headers.Get("Content-Range"), "bytes "+want[i]+"/1000")
				}
				equal(t, "status", out.StatusCode, status)
				equal(t, "body", got, body[first:last+1])
			})
		}
	}
	// The typed call, with what the SDK has a field for.
	q := &oss.GetObjectRequest{Bucket: s.bucket, Key: opt("k"), Range: opt("bytes=1000-2000"), RangeBehavior: opt("standard")}
	says(t, call(s.c.GetObject, q), "InvalidRange")
}

// Callers without a key get nothing out of a private bucket, whatever they ask for.
func TestRefusalsWithoutKey(t *testing.T) {
	s := newStage(t)
	c := oss.NewClient(oss.LoadDefaultConfig().WithEndpoint(env.endpoint).WithRegion(env.region).
		WithCredentialsProvider(credentials.NewAnonymousCredentialsProvider()))
	bucket, k, id, zero := s.bucket, opt("k"), &s.id, oss.Ptr(int64(0))
	text := strings.NewReader("x")
	hold := &oss.ObjectWormLegalHold{Status: opt("ON")}
	tags := &oss.Tagging{TagSet: &oss.TagSet{Tags: []oss.Tag{{Key: k, Value: k}}}}
	errs := map[string]error{
		"PutObject":               call(c.PutObject, &oss.PutObjectRequest{Bucket: bucket, Key: k, Body: text}),
		"GetObject":               call(c.GetObject, &oss.GetObjectRequest{Bucket: bucket, Key: k}),
		"HeadObject":              call(c.HeadObject, &oss.HeadObjectRequest{Bucket: bucket, Key: k}),
		"GetObjectMeta":           call(c.GetObjectMeta, &oss.GetObjectMetaRequest{Bucket: bucket, Key: k}),
		"CopyObject":              call(c.CopyObject, &oss.CopyObjectRequest{Bucket: bucket, Key: k, SourceKey: k}),
		"DeleteObject":            call(c.DeleteObject, &oss.DeleteObjectRequest{Bucket: bucket, Key: k}),
		"DeleteMultipleObjects":   call(c.DeleteMultipleObjects, &oss.DeleteMultipleObjectsRequest{Bucket: bucket, Objects: []oss.DeleteObject{{Key: k}}}),
		"AppendObject":            call(c.AppendObject, &oss.AppendObjectRequest{Bucket: bucket, Key: k, Position: zero, Body: text}),
		"SealAppendObject":        call(c.SealAppendObject, &oss.SealAppendObjectRequest{Bucket: bucket, Key: k, Position: zero}),
		"InitiateMultipartUpload": call(c.InitiateMultipartUpload, &oss.InitiateMultipartUploadRequest{Bucket: bucket, Key: k}),
		"UploadPart":              call(c.UploadPart, &oss.UploadPartRequest{Bucket: bucket, Key: k, UploadId: id, PartNumber: 1, Body: text}),
		"UploadPartCopy":          call(c.UploadPartCopy, &oss.UploadPartCopyRequest{Bucket: bucket, Key: k, UploadId: id, PartNumber: 1, SourceKey: k}),
		"CompleteMultipartUpload": call(c.CompleteMultipartUpload, &oss.CompleteMultipartUploadRequest{Bucket: bucket, Key: k, UploadId: id, CompleteAll: opt("yes")}),
		"AbortMultipartUpload":    call(c.AbortMultipartUpload, &oss.AbortMultipartUploadRequest{Bucket: bucket, Key: k, UploadId: id}),
		"ListParts":               call(c.ListParts, &oss.ListPartsRequest{Bucket: bucket, Key: k, UploadId: id}),
		"ListMultipartUploads":    call(c.ListMultipartUploads, &oss.ListMultipartUploadsRequest{Bucket: bucket}),
		"PutSymlink":              call(c.PutSymlink, &oss.PutSymlinkRequest{Bucket: bucket, Key: k, Target: k}),
		"GetSymlink":              call(c.GetSymlink, &oss.GetSymlinkRequest{Bucket: bucket, Key: k}),
		"PutObjectTagging":        call(c.PutObjectTagging, &oss.PutObjectTaggingRequest{Bucket: bucket, Key: k, Tagging: tags}),
		"GetObjectTagging":        call(c.GetObjectTagging, &oss.GetObjectTaggingRequest{Bucket: bucket, Key: k}),
		"DeleteObjectTagging":     call(c.DeleteObjectTagging, &oss.DeleteObjectTaggingRequest{Bucket: bucket, Key: k}),
		"RestoreObject":           call(c.RestoreObject, &oss.RestoreObjectRequest{Bucket: bucket, Key: k}),
		"CleanRestoredObject":     call(c.CleanRestoredObject, &oss.CleanRestoredObjectRequest{Bucket: bucket, Key: k}),
		"GetObjectRetention":      call(c.GetObjectRetention, &oss.GetObjectRetentionRequest{Bucket: bucket, Key: k}),
		"PutObjectRetention":      call(c.PutObjectRetention, &oss.PutObjectRetentionRequest{Bucket: bucket, Key: k, Retention: &oss.ObjectWormRetention{Mode: opt("GOVERNANCE")}}),
		"PutObjectLegalHold":      call(c.PutObjectLegalHold, &oss.PutObjectLegalHoldRequest{Bucket: bucket, Key: k, LegalHold: hold}),
		"GetObjectLegalHold":      call(c.GetObjectLegalHold, &oss.GetObjectLegalHoldRequest{Bucket: bucket, Key: k}),
	}
	for name, err := range errs {
		s.refuses(t, name, err, "AccessDenied")
	}
	s.refuses(t, "GetObjectAcl", call(c.GetObjectAcl, &oss.GetObjectAclRequest{Bucket: bucket, Key: k}), "AccessDenied",
		"You do not have read acl permission on this object.", "0003-00000007")
	s.refuses(t, "PutObjectAcl", call(c.PutObjectAcl, &oss.PutObjectAclRequest{Bucket: bucket, Key: k, Acl: "private"}), "AccessDenied",
		"You do not have write acl permission on this object.", "0003-00000008")

	// A public object is readable, but says what it says.
	must(t, s.s.setObjectACL(*bucket, "k", "public-read"))
	must(t, call(c.GetObject, &oss.GetObjectRequest{Bucket: bucket, Key: k}))
	says(t, call(c.GetObject, &oss.GetObjectRequest{Bucket: bucket, Key: k, ResponseContentType: opt("text/html")}), "InvalidRequest")
	says(t, call(c.GetObject, &oss.GetObjectRequest{Bucket: bucket, Key: k, ResponseContentDisposition: opt("attachment")}), "InvalidRequest")
}
