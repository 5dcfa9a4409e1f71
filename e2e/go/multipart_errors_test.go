package e2e

import (
	"fmt"
	"strings"
	"testing"

	"github.com/aliyun/alibabacloud-oss-go-sdk-v2/oss"
)

const partNumber = "Part number must be an integer between 1 and 10000, inclusive."

func partsOf(parts ...part) []oss.UploadPart {
	var out []oss.UploadPart
	for _, p := range parts {
		out = append(out, oss.UploadPart{PartNumber: int32(p.number), ETag: &p.etag})
	}
	return out
}

func partsDocument(parts ...part) string {
	out := "<CompleteMultipartUpload>"
	for _, p := range parts {
		out += fmt.Sprintf("<Part><PartNumber>%d</PartNumber><ETag>%s</ETag></Part>", p.number, p.etag)
	}
	return out + "</CompleteMultipartUpload>"
}

// The upload has parts of 100 KiB, 100 bytes and 100 bytes, and is as it was after each refusal.
func TestRefusalsOfParts(t *testing.T) {
	s := newStage(t)
	c, bucket, key, unknown, nobody := s.c, s.bucket, opt("parts"), opt(strings.Repeat("0", 32)), opt("e2e-go-no-such-bucket")
	send := func(set func(*oss.UploadPartRequest)) error {
		q := &oss.UploadPartRequest{Bucket: bucket, Key: key, UploadId: &s.id, PartNumber: 4, Body: strings.NewReader("x")}
		set(q)
		return call(c.UploadPart, q)
	}
	s.refuses(t, "part: unknown upload", send(func(q *oss.UploadPartRequest) { q.UploadId = unknown }), "NoSuchUpload", "", "0042-00000104")
	s.refuses(t, "part: upload of another key", send(func(q *oss.UploadPartRequest) { q.Key = opt("k") }), "NoSuchUpload", "", "0042-00000104")
	s.refuses(t, "part: number 10001", send(func(q *oss.UploadPartRequest) { q.PartNumber = 10001 }), "InvalidArgument", partNumber)
	s.refuses(t, "part: MD5 of another body", send(func(q *oss.UploadPartRequest) { q.ContentMD5 = opt(wrongMD5) }), "InvalidDigest")
	s.refuses(t, "part: MD5 that is none", send(func(q *oss.UploadPartRequest) { q.ContentMD5 = opt("none") }), "InvalidDigest")
	s.refuses(t, "part: speed", send(func(q *oss.UploadPartRequest) { q.TrafficLimit = 1 }), "InvalidArgument", badLimit)
	s.refuses(t, "part: no bucket", send(func(q *oss.UploadPartRequest) { q.Bucket = nobody }), "NoSuchBucket")
	for header, code := range map[string]string{"x-oss-hash-crc64ecma": "InvalidCRC64", "x-oss-server-side-encryption": "InvalidArgument"} {
		s.refuses(t, "part: "+header, send(func(q *oss.UploadPartRequest) { q.Headers = map[string]string{header: "1"} }), code)
	}
	for _, number := range []string{"0", "one", ""} {
		query := map[string]string{"partNumber": number, "uploadId": s.id}
		s.refusesSent(t, "part: number '"+number+"'", "PUT", "parts", query, nil, "x", "InvalidArgument", partNumber)
	}
	s.refusesSent(t, "part: no number", "PUT", "parts", map[string]string{"uploadId": s.id}, nil, "x", "InvalidArgument", partNumber)

	// Here every condition that fails is 412, where CopyObject answers 304 for two of them.
	copied := func(source string, set func(*oss.UploadPartCopyRequest)) error {
		q := &oss.UploadPartCopyRequest{Bucket: bucket, Key: key, UploadId: &s.id, PartNumber: 4, SourceKey: &source}
		if set != nil {
			set(q)
		}
		return call(c.UploadPartCopy, q)
	}
	s.refuses(t, "copied part: unknown upload", copied("k", func(q *oss.UploadPartCopyRequest) { q.UploadId = unknown }), "NoSuchUpload", "", "0042-00000311")
	s.refuses(t, "copied part: number 10001", copied("k", func(q *oss.UploadPartCopyRequest) { q.PartNumber = 10001 }), "InvalidArgument", partNumber)
	s.refuses(t, "copied part: absent", copied("absent", nil), "NoSuchKey")
	s.refuses(t, "copied part: archived", copied("archived", nil), "InvalidObjectState")
	s.refuses(t, "copied part: link to nothing", copied("nowhere", nil), "SymlinkTargetNotExist")
	s.refuses(t, "copied part: if-match", copied("k", func(q *oss.UploadPartCopyRequest) { q.IfMatch = opt(`"0"`) }), "PreconditionFailed")
	s.refuses(t, "copied part: if-none-match", copied("k", func(q *oss.UploadPartCopyRequest) { q.IfNoneMatch = opt("*") }), "PreconditionFailed")
	s.refuses(t, "copied part: if-modified-since", copied("k", func(q *oss.UploadPartCopyRequest) { q.IfModifiedSince = opt(later) }), "PreconditionFailed")
	s.refuses(t, "copied part: if-unmodified-since", copied("k", func(q *oss.UploadPartCopyRequest) { q.IfUnmodifiedSince = opt(longAgo) }), "PreconditionFailed")
	s.refuses(t, "copied part: encryption", copied("k", func(q *oss.UploadPartCopyRequest) {
		q.Headers = map[string]string{"x-oss-server-side-encryption": "AES256"}
	}), "InvalidArgument")
	for source, message := range map[string]string{*bucket + "/": badSource, *bucket + "/k?versionId=": emptyID} {
		s.refusesSent(t, "copied part: from "+message, "PUT", "parts", map[string]string{"partNumber": "4", "uploadId": s.id},
			map[string]string{"x-oss-copy-source": "/" + source}, "", "InvalidArgument", message)
	}

	complete := func(set func(*oss.CompleteMultipartUploadRequest), parts ...part) error {
		q := &oss.CompleteMultipartUploadRequest{
			Bucket: bucket, Key: key, UploadId: &s.id, CompleteMultipartUpload: &oss.CompleteMultipartUpload{Parts: partsOf(parts...)},
		}
		if set != nil {
			set(q)
		}
		return call(c.CompleteMultipartUpload, q)
	}
	other := part{number: 1, etag: strings.Repeat("0", 32)}
	s.refuses(t, "complete: unknown upload", complete(func(q *oss.CompleteMultipartUploadRequest) { q.UploadId = unknown }, s.parts[0]), "NoSuchUpload")
	s.refuses(t, "complete: ETag of another body", complete(nil, other), "InvalidPart")
	s.refuses(t, "complete: part that was not sent", complete(nil, part{number: 9, etag: other.etag}), "InvalidPart")
	s.refuses(t, "complete: small part", complete(nil, s.parts...), "EntityTooSmall")
	s.refuses(t, "complete: part number", complete(nil, part{number: 10001, etag: other.etag}), "InvalidArgument", partNumber)
	s.refuses(t, "complete: no parts", complete(nil), "MalformedXML", "", "0042-00000205")
	s.refuses(t, "complete: ACL", complete(func(q *oss.CompleteMultipartUploadRequest) { q.Acl = "open" }, s.parts[0]), "InvalidArgument", noACL, "0017-00000104")
	s.refuses(t, "complete: all and a list", complete(func(q *oss.CompleteMultipartUploadRequest) { q.CompleteAll = opt("yes") }, s.parts[0]), "InvalidArgument",
		"Should not speficy both complete all header and http body.", "0042-00000216")
	// The SDK sorts the parts, and writes no documents but its own.
	for what, row := range map[string][]string{
		"descending":       {partsDocument(s.parts[1], s.parts[0]), "InvalidPartOrder"},
		"the same twice":   {partsDocument(s.parts[0], s.parts[0]), "InvalidPartOrder"},
		"no XML":           {"<CompleteMultipartUpload><", "MalformedXML", "", "0042-00000205"},
		"another document": {"<Complete/>", "MalformedXML", "", "0042-00000205"},
	} {
		s.refusesSent(t, "complete: "+what, "POST", "parts", map[string]string{"uploadId": s.id}, nil, row[0], row[1], row[2:]...)
	}
	s.refusesSent(t, "complete: MD5 of another body", "POST", "parts", map[string]string{"uploadId": s.id},
		map[string]string{"Content-MD5": wrongMD5}, partsDocument(s.parts[0]), "InvalidDigest")
	for value, code := range map[string]string{"yes": "EntityTooSmall", "no": "InvalidArgument"} {
		s.refusesSent(t, "complete: all, "+value, "POST", "parts", map[string]string{"uploadId": s.id},
			map[string]string{"x-oss-complete-all": value}, "", code)
	}

	s.refuses(t, "abort: unknown upload", s.s.abort(*bucket, "parts", *unknown), "NoSuchUpload", "", "0042-00000002")
	s.refuses(t, "abort: upload of another key", s.s.abort(*bucket, "k", s.id), "NoSuchUpload", "", "0042-00000002")
	s.refuses(t, "parts: unknown upload", call(c.ListParts, &oss.ListPartsRequest{Bucket: bucket, Key: key, UploadId: unknown}), "NoSuchUpload")
	s.refuses(t, "parts: 1001 of them", call(c.ListParts, &oss.ListPartsRequest{Bucket: bucket, Key: key, UploadId: &s.id, MaxParts: 1001}), "InvalidArgument")
	s.refuses(t, "parts: encoding", call(c.ListParts, &oss.ListPartsRequest{Bucket: bucket, Key: key, UploadId: &s.id, EncodingType: opt("base64")}), "InvalidArgument")
	for name, value := range map[string]string{"max-parts": "0", "part-number-marker": "x"} {
		s.refusesSent(t, "parts: "+name, "GET", "parts", map[string]string{"uploadId": s.id, name: value}, nil, "", "InvalidArgument")
	}
	s.refuses(t, "uploads: 1001 of them", call(c.ListMultipartUploads, &oss.ListMultipartUploadsRequest{Bucket: bucket, MaxUploads: 1001}), "InvalidArgument")
	s.refusesSent(t, "uploads: 0 of them", "GET", "", map[string]string{"uploads": "", "max-uploads": "0"}, nil, "", "InvalidArgument")
	s.refuses(t, "uploads: no bucket", call(c.ListMultipartUploads, &oss.ListMultipartUploadsRequest{Bucket: nobody}), "NoSuchBucket")
	s.refuses(t, "begin: no bucket", call(c.InitiateMultipartUpload, &oss.InitiateMultipartUploadRequest{Bucket: nobody, Key: key}), "NoSuchBucket")
}

// Of a range that there is not the whole source is copied; completing takes all parts by header alone, but not over what
// may not be overwritten; and what is over is over.
func TestCopiedPartsAndTheEndOfAnUpload(t *testing.T) {
	s := newStage(t)
	c, bucket, key := s.c, s.bucket, "made"
	id, err := s.s.initiate(*bucket, key, putOptions{})
	must(t, err)
	for header, want := range map[string]string{"bytes=0-99": "bytes 0-99/1000", "bytes=0-1000": "", "bytes=2000-": "", "something": ""} {
		out, err := c.UploadPartCopy(background, &oss.UploadPartCopyRequest{
			Bucket: bucket, Key: &key, UploadId: &id, PartNumber: 1, SourceKey: opt("k"), Range: &header,
		})
		must(t, err)
		equal(t, "Content-Range of "+header, out.Headers.Get("Content-Range"), want)
		page, err := s.s.listParts(*bucket, key, id, 10, 0)
		must(t, err)
		equal(t, "size of "+header, page.parts[0].size, map[bool]int64{true: 1000, false: 100}[want == ""])
	}
	etag, err := s.s.uploadPart(*bucket, key, id, 1, content(1, 102_400))
	must(t, err)
	must(t, call(c.UploadPartCopy, &oss.UploadPartCopyRequest{Bucket: bucket, Key: &key, UploadId: &id, PartNumber: 2, SourceKey: opt("k")}))
	must(t, s.s.put(*bucket, key, []byte("kept"), putOptions{}))
	q := oss.CompleteMultipartUploadRequest{Bucket: bucket, Key: &key, UploadId: &id, CompleteAll: opt("yes"), ForbidOverwrite: opt("true")}
	says(t, call(c.CompleteMultipartUpload, &q), "FileAlreadyExists")
	equal(t, "body", bodyOf(t, c, *bucket, key), "kept")
	q.ForbidOverwrite = nil
	must(t, call(c.CompleteMultipartUpload, &q))
	equal(t, "size", len(bodyOf(t, c, *bucket, key)), 103_400)

	says(t, call(c.CompleteMultipartUpload, &q), "NoSuchUpload")
	_, err = s.s.uploadPart(*bucket, key, id, 3, []byte("late"))
	says(t, err, "NoSuchUpload", "", "0042-00000104")
	_, err = s.s.listParts(*bucket, key, id, 10, 0)
	says(t, err, "NoSuchUpload")
	says(t, s.s.abort(*bucket, key, id), "NoSuchUpload", "", "0042-00000002")
	_, err = s.s.complete(*bucket, key, id, []part{{number: 1, etag: etag}})
	says(t, err, "NoSuchUpload")
}
