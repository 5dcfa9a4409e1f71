package e2e

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/aliyun/alibabacloud-oss-go-sdk-v2/oss"
)

// codes tells what comes with a code wherever the documentation has one text for it: status, message, EC (empty: not
// documented).
var codes = map[string]serviceFailure{
	"AccessDenied": {status: 403, ec: "0003-00000001"},
	"AccessForbidden": {status: 403, message: "CORSResponse: This CORS request is not allowed. This is usually because the " +
		"evalution of Origin, request method / Access-Control-Request-Method or Access-Control-Requet-Headers are not " +
		"whitelisted by the resource's CORS spec."},
	"ArchiveRestoreFileStale":   {status: 409, message: "The archive file or restore info stale"},
	"ArchiveRestoreNotFinished": {status: 409, message: "The archive file's restore is not finished.", ec: "0016-00000719"},
	"BadRequest":                {status: 400},
	// What the SDK makes of an answer without a document: 304 has none.
	"BadErrorResponse":                    {status: 304},
	"CallbackFailed":                      {status: 203},
	"EntityTooSmall":                      {status: 400, message: "Your proposed upload smaller than the minimum allowed size."},
	"FileAlreadyExists":                   {status: 409, message: "The object you specified already exists and can not be overwritten."},
	"FileImmutable":                       {status: 409, message: "The object you specified is immutable."},
	"InvalidArgument":                     {status: 400},
	"InvalidCRC64":                        {status: 400, message: "The x-oss-hash-crc64ecma you specified does not match what we calculated."},
	"InvalidDataEncryptionAlgorithmError": {status: 400, message: "The KMS Data Encryption request you specified is not valid. Supported value:SM4"},
	"InvalidDigest":                       {status: 400, message: "The Content-MD5 you specified was invalid."},
	"InvalidEncryptionAlgorithmError":     {status: 400, message: "The Encryption request you specified is not valid. Supported value: AES256/SM4/KMS."},
	"InvalidInputRecordDelimiter":         {status: 400, ec: "0016-00000829"},
	"InvalidObjectName":                   {status: 400},
	"InvalidObjectState":                  {status: 403, message: "The operation is not valid for the object's state."},
	"InvalidOutputFieldDelimiter":         {status: 400, ec: "0016-00000828"},
	"InvalidPart":                         {status: 400, message: "One or more of the specified parts could not be found or the specified entity tag might not have matched the part's entity tag."},
	"InvalidPartOrder":                    {status: 400, message: "The list of parts was not in ascending order. Parts list must specified in order by part number."},
	"InvalidRange":                        {status: 416, message: "The requested range cannot be satisfied."},
	"InvalidRequest":                      {status: 400, message: "Request specific response headers cannot be used for anonymous GET requests."},
	"InvalidSqlParameter":                 {status: 400},
	"InvalidTag":                          {status: 400},
	"InvalidTargetType":                   {status: 400, message: "The symbolic's target file type is invalid", ec: "0026-00000011"},
	"MalformedXML":                        {status: 400, message: "The XML you provided was not well-formed or did not validate against our published schema.", ec: "0031-00000001"},
	"MetaTooLarge":                        {status: 400},
	"MethodNotAllowed":                    {status: 405, message: "The specified method is not allowed against this resource.", ec: "0003-00000016"},
	"MissingArgument":                     {status: 400, message: "Missing Some Required Arguments.", ec: "0016-00000502"},
	"NoSuchBucket":                        {status: 404, message: "The specified bucket does not exist.", ec: "0015-00000101"},
	"NoSuchKey":                           {status: 404, message: "The specified key does not exist.", ec: "0026-00000001"},
	"NoSuchObjectWormConfiguration":       {status: 404},
	"NoSuchUpload":                        {status: 404, message: "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed."},
	"PartAlreadyExist":                    {status: 409, message: "For sequential multipart upload, you can't overwrite uploaded parts."},
	"PartNotSequential":                   {status: 400, message: "For sequential multipart upload, you must upload or complete parts with sequential part number."},
	"NoSuchVersion":                       {status: 404, message: "The specified version does not exist."},
	"NotImplemented":                      {status: 400, message: "A header you provided implies functionality that is not implemented."},
	"NotSymlink":                          {status: 400, message: "The object is not symlink."},
	"ObjectNotAppendable":                 {status: 409, message: "The object is not appendable"},
	"OperationNotSupported":               {status: 400, message: "The operation is not supported for this resource"},
	"PositionNotEqualToLength":            {status: 409, message: "Position is not equal to file length", ec: "0026-00000016"},
	"PreconditionFailed":                  {status: 412, message: "At least one of the pre-conditions you specified did not hold."},
	"RestoreAlreadyInProgress":            {status: 409, message: "The restore operation is in progress.", ec: "0016-00000701"},
	"SymlinkTargetNotExist":               {status: 404, message: "The symlink target object does not exist."},
}

// says fails unless err is a refusal with this code and what comes with it. more: message and EC where they differ from the
// usual ones; empty means the usual one.
func says(t *testing.T, err error, code string, more ...string) *oss.ServiceError {
	t.Helper()
	want, known := codes[code]
	if !known {
		t.Fatalf("%s is in no table", code)
	}
	more = append(more, "", "")
	if more[0] != "" {
		want.message = more[0]
	}
	if more[1] != "" {
		want.ec = more[1]
	}
	var refusal *oss.ServiceError
	if !errors.As(err, &refusal) {
		t.Fatalf("want %d %s, got %v", want.status, code, err)
	}
	if refusal.StatusCode != want.status || refusal.Code != code || (want.message != "" && refusal.Message != want.message) ||
		(want.ec != "" && refusal.EC != want.ec) {
		t.Errorf("want %d %s %q %s, got %d %s %q %s", want.status, code, want.message, want.ec,
			refusal.StatusCode, refusal.Code, refusal.Message, refusal.EC)
	}
	equal(t, "x-oss-ec", refusal.Headers.Get("x-oss-ec"), refusal.EC)
	equal(t, "request id", refusal.RequestID, refusal.Headers.Get("x-oss-request-id"))
	if !requestID.MatchString(refusal.RequestID) {
		t.Errorf("request id %q", refusal.RequestID)
	}
	return refusal
}

// call makes a call of the SDK for the sake of its error.
func call[Q, A any](f func(context.Context, *Q, ...func(*oss.Options)) (*A, error), q *Q) error {
	_, err := f(background, q)
	return err
}

// sent is the general request of the SDK, for what its typed calls would not send.
func sent(c *oss.Client, method, bucket, key string, query, header map[string]string, body string) (*oss.OperationOutput, string, error) {
	in := &oss.OperationInput{OpName: "Any", Method: method, Bucket: &bucket, Key: opt(key), Parameters: query, Headers: header}
	if body != "" {
		in.Body = strings.NewReader(body)
	}
	out, err := c.InvokeOperation(background, in)
	if err != nil {
		return nil, "", err
	}
	defer out.Body.Close()
	text, err := io.ReadAll(out.Body)
	return out, string(text), err
}

func with(headers map[string]string) oss.RequestCommon { return oss.RequestCommon{Headers: headers} }

// stage is a bucket with one object of every kind, which refused requests leave as it is.
type stage struct {
	s      sdk
	c      *oss.Client
	bucket *string
	id     string // of an upload to "parts"
	parts  []part
	seen   string
}

const stageBody = "0123456789"

func newStage(t *testing.T) *stage {
	t.Helper()
	c, bucket := unversioned(t)
	s := &stage{s: &v2{c}, c: c, bucket: &bucket}
	put := func(key string, class oss.StorageClassType, body string) {
		t.Helper()
		must(t, call(c.PutObject, &oss.PutObjectRequest{
			Bucket: &bucket, Key: &key, StorageClass: class, Body: strings.NewReader(body), Tagging: opt("a=1"),
			Metadata: map[string]string{"a": "1"},
		}))
	}
	put("k", "", strings.Repeat(stageBody, 100))
	put("archived", oss.StorageClassArchive, "frozen")
	for _, key := range []string{"log", "sealed"} {
		must(t, call(c.AppendObject, &oss.AppendObjectRequest{
			Bucket: &bucket, Key: &key, Position: oss.Ptr(int64(0)), Body: strings.NewReader("12345"),
		}))
	}
	must(t, call(c.SealAppendObject, &oss.SealAppendObjectRequest{Bucket: &bucket, Key: opt("sealed"), Position: oss.Ptr(int64(5))}))
	for link, target := range map[string]string{"link": "k", "double": "link", "nowhere": "absent"} {
		must(t, call(c.PutSymlink, &oss.PutSymlinkRequest{Bucket: &bucket, Key: &link, Target: &target}))
	}
	id, err := s.s.initiate(bucket, "parts", putOptions{})
	must(t, err)
	s.id = id
	for n, size := range []int{102_400, 100, 100} {
		etag, err := s.s.uploadPart(bucket, "parts", id, n+1, content(int64(n), size))
		must(t, err)
		s.parts = append(s.parts, part{number: n + 1, etag: etag})
	}
	s.seen = s.look(t)
	return s
}

// look is everything that a request could have changed.
func (s *stage) look(t *testing.T) string {
	t.Helper()
	page, err := s.s.list(*s.bucket, listQuery{max: 1000})
	must(t, err)
	head, err := s.s.head(*s.bucket, "k")
	must(t, err)
	acl, err := s.s.objectACL(*s.bucket, "k")
	must(t, err)
	tags, err := s.c.GetObjectTagging(background, &oss.GetObjectTaggingRequest{Bucket: s.bucket, Key: opt("k")})
	must(t, err)
	uploads, err := s.s.listUploads(*s.bucket, "")
	must(t, err)
	parts, err := s.s.listParts(*s.bucket, "parts", s.id, 100, 0)
	must(t, err)
	names := ""
	for _, tag := range tags.Tags {
		names += *tag.Key + "=" + *tag.Value + "&"
	}
	return fmt.Sprint(page.objects, head.header["X-Oss-Meta-A"], head.header["Content-Type"], acl, names, uploads, parts)
}

// refuses fails unless err is the refusal and the bucket is as it was before.
func (s *stage) refuses(t *testing.T, what string, err error, code string, more ...string) {
	t.Helper()
	t.Run(what, func(t *testing.T) {
		says(t, err, code, more...)
		now := s.look(t)
		if now != s.seen {
			t.Errorf("was %s\nis  %s", s.seen, now)
		}
		s.seen = now
	})
}

// refusesSent is refuses for the general request.
func (s *stage) refusesSent(t *testing.T, what, method, key string, query, header map[string]string, body, code string, more ...string) {
	t.Helper()
	_, _, err := sent(s.c, method, *s.bucket, key, query, header, body)
	s.refuses(t, what, err, code, more...)
}
