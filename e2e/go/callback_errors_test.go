package e2e

import (
	"encoding/base64"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aliyun/alibabacloud-oss-go-sdk-v2/oss"
)

func encoded(t *testing.T, value any) string {
	t.Helper()
	text, err := json.Marshal(value)
	must(t, err)
	return base64.StdEncoding.EncodeToString(text)
}

// nowhere is an address at which nobody listens.
const nowhere = "http://127.0.0.1:9"

// callback is one of JSON fields, to nowhere unless they say otherwise.
func callback(t *testing.T, fields map[string]any) string {
	t.Helper()
	all := map[string]any{"callbackUrl": nowhere, "callbackBody": "a=1"}
	for name, value := range fields {
		all[name] = value
	}
	return encoded(t, all)
}

func TestCallbacks(t *testing.T) {
	c, bucket := unversioned(t)
	var got []string
	application := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got = append(got, string(body))
		_, _ = w.Write([]byte(`{"Status":"OK"}`))
	}))
	defer application.Close()
	// The first address answers nobody, so the second is asked.
	asked := callback(t, map[string]any{"callbackUrl": nowhere + ";" + application.URL, "callbackBody": "size=${size}&a=${x:a}"})
	variables := encoded(t, map[string]string{"x:a": "1"})
	put, err := c.PutObject(background, &oss.PutObjectRequest{
		Bucket: &bucket, Key: opt("k"), Body: strings.NewReader("12345"), Callback: &asked, CallbackVar: &variables,
	})
	must(t, err)
	id, err := (&v2{c}).initiate(bucket, "big", putOptions{})
	must(t, err)
	_, err = (&v2{c}).uploadPart(bucket, "big", id, 1, []byte("part"))
	must(t, err)
	done, err := c.CompleteMultipartUpload(background, &oss.CompleteMultipartUploadRequest{
		Bucket: &bucket, Key: opt("big"), UploadId: &id, CompleteAll: opt("yes"), Callback: &asked, CallbackVar: &variables,
	})
	must(t, err)
	equal(t, "answer", put.CallbackResult["Status"], any("OK"))
	equal(t, "answer", done.CallbackResult["Status"], any("OK"))
	equal(t, "told", strings.Join(got, " "), "size=5&a=1 size=4&a=1")
}

func TestRefusalsOfCallbacks(t *testing.T) {
	s := newStage(t)
	put := func(asked, variables string) error {
		return call(s.c.PutObject, &oss.PutObjectRequest{
			Bucket: s.bucket, Key: opt("new"), Body: strings.NewReader("x"), Callback: &asked, CallbackVar: opt(variables),
		})
	}
	for message, asked := range map[string]string{
		"The callback configuration is not base64 encoded.": "*",
		"The callback configuration is not json format.":    base64.StdEncoding.EncodeToString([]byte("callbackUrl=a")),
		"The callback url configuration is invalid.":        callback(t, map[string]any{"callbackUrl": nil}),
		"The callback host configuration is invalid.":       callback(t, map[string]any{"callbackHost": "a/b"}),
		"The callback body type configuration is invalid.":  callback(t, map[string]any{"callbackBodyType": "text/plain"}),
		"The number of callback url exceed max value.":      callback(t, map[string]any{"callbackUrl": strings.Repeat(nowhere+";", 6)}),
		"The length of callback exceed max value.":          callback(t, map[string]any{"callbackBody": strings.Repeat("a", 5120)}),
		"The callback body is empty.":                       callback(t, map[string]any{"callbackBody": ""}),
		"The callback body is invalid.":                     callback(t, map[string]any{"callbackBody": 1}),
		"Private address is forbidden to callback.":         callback(t, map[string]any{"callbackUrl": "http://192.168.0.1/"}),
	} {
		s.refuses(t, "put: "+message, put(asked, ""), "InvalidArgument", message)
		s.refuses(t, "complete: "+message, call(s.c.CompleteMultipartUpload, &oss.CompleteMultipartUploadRequest{
			Bucket: s.bucket, Key: opt("parts"), UploadId: &s.id, Callback: &asked,
			CompleteMultipartUpload: &oss.CompleteMultipartUpload{Parts: partsOf(s.parts[0])},
		}), "InvalidArgument", message)
	}
	bad, long := encoded(t, map[string]string{"x:A": "1"}), encoded(t, map[string]string{"x:a": strings.Repeat("v", 5120)})
	s.refuses(t, "a variable with capitals", put(callback(t, nil), bad), "InvalidArgument", "The callback var is not expecten json.")
	s.refuses(t, "long variables", put(callback(t, nil), long), "InvalidArgument", "The length of callback var exceed max value.")
	asked := callback(t, nil)
	s.refusesSent(t, "in two places", "PUT", "new", map[string]string{"callback": asked}, map[string]string{"x-oss-callback": asked}, "x",
		"InvalidArgument", "Either the callback query string parameter or the x-oss-callback header should be specified, not both.")
}

// speaker says exactly this to whoever connects.
func speaker(t *testing.T, answer string, after time.Duration) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	t.Cleanup(func() { listener.Close() })
	go func() {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		_, _ = conn.Read(make([]byte, 65536))
		time.Sleep(after)
		_, _ = conn.Write([]byte(answer))
	}()
	return "http://" + listener.Addr().String()
}

// A callback that fails is 203 with a document, which this SDK takes for a refusal; the object is there.
func TestCallbacksThatFail(t *testing.T) {
	c, bucket := unversioned(t)
	for message, row := range map[string]struct {
		answer, ec string
		after      time.Duration
	}{
		"Error status : 301.":                                                         {answer: "HTTP/1.1 301 Moved\r\nContent-Length: 2\r\n\r\n{}", ec: "0007-00000203"},
		"Error status : 201.":                                                         {answer: "HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\n{}"},
		"Response body is not valid json format.":                                     {answer: "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nno"},
		"Error Status : 400.User server missing content-length.":                      {answer: "HTTP/1.1 200 OK\r\n\r\n{}"},
		"Error Status : 400.User server return invalid conent-length value.":          {answer: "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n{}"},
		"Error Status : 400.User server return too long content-length value.":        {answer: "HTTP/1.1 200 OK\r\nContent-Length: 9000000\r\n\r\n{}"},
		"Cost too long time.":                                                         {answer: "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", after: 7 * time.Second},
		"Error Status : -1.OSS can not connect to your callbackUrl, please check it.": {},
	} {
		t.Run(message, func(t *testing.T) {
			address := nowhere
			if row.answer != "" {
				address = speaker(t, row.answer, row.after)
			}
			must(t, call(c.DeleteObject, &oss.DeleteObjectRequest{Bucket: &bucket, Key: opt("k")}))
			refusal := says(t, call(c.PutObject, &oss.PutObjectRequest{
				Bucket: &bucket, Key: opt("k"), Body: strings.NewReader("12345"), Callback: opt(callback(t, map[string]any{"callbackUrl": address})),
			}), "CallbackFailed", message, row.ec)
			equal(t, "ETag", refusal.Headers.Get("ETag"), `"`+etagOf([]byte("12345"))+`"`)
			equal(t, "crc", refusal.Headers.Get("x-oss-hash-crc64ecma"), crcOf([]byte("12345")))
			equal(t, "body", bodyOf(t, c, bucket, "k"), "12345")
		})
	}
}

func TestSelectRefusals(t *testing.T) {
	s := newStage(t)
	c, bucket := s.c, s.bucket
	query := func(key string, set func(*oss.SelectRequest)) error {
		q := oss.SelectRequest{Expression: opt("select * from ossobject")}
		q.InputSerializationSelect.CsvBodyInput = &oss.CSVSelectInput{}
		q.OutputSerializationSelect.CsvBodyOutput = &oss.CSVSelectOutput{}
		if set != nil {
			set(&q)
		}
		return call(c.SelectObject, &oss.SelectObjectRequest{Bucket: bucket, Key: &key, SelectRequest: &q})
	}
	meta := func(key string) error {
		return call(c.CreateSelectObjectMeta, &oss.CreateSelectObjectMetaRequest{Bucket: bucket, Key: &key, MetaRequest: &oss.CsvMetaRequest{}})
	}
	s.refuses(t, "grouping", query("k", func(q *oss.SelectRequest) { q.Expression = opt("select * from ossobject group by _1") }), "InvalidSqlParameter")
	s.refuses(t, "record delimiter", query("k", func(q *oss.SelectRequest) { q.InputSerializationSelect.CsvBodyInput.RecordDelimiter = opt("abc") }), "InvalidInputRecordDelimiter")
	s.refuses(t, "output field delimiter", query("k", func(q *oss.SelectRequest) { q.OutputSerializationSelect.CsvBodyOutput.FieldDelimiter = opt("||") }), "InvalidOutputFieldDelimiter")
	for key, code := range map[string]string{"absent": "NoSuchKey", "archived": "InvalidObjectState", "nowhere": "SymlinkTargetNotExist"} {
		s.refuses(t, "select: "+key, query(key, nil), code)
		s.refuses(t, "meta: "+key, meta(key), code)
	}
	for process, body := range map[string]string{"csv/select": "<SelectRequest><", "csv/meta": "<CsvMetaRequest><", "json/meta": "<CsvMetaRequest/>"} {
		s.refusesSent(t, process+": no XML for it", "POST", "k", map[string]string{"x-oss-process": process}, nil, body, "MalformedXML")
	}
	// The code is that of a range of bytes, the status is not.
	err := query("k", func(q *oss.SelectRequest) { q.InputSerializationSelect.CsvBodyInput.SplitRange = opt("9-3") })
	refusal := wantFailure(t, s.s, err, 400, "InvalidRange", "0016-00000817")
	if refusal.message == codes["InvalidRange"].message {
		t.Error(refusal.message)
	}
}

func TestOptionObject(t *testing.T) {
	c, bucket := unversioned(t)
	must(t, call(c.PutObject, &oss.PutObjectRequest{Bucket: &bucket, Key: opt("k"), Body: strings.NewReader("x")}))
	// BadRequest would be tried three times.
	once := func(o *oss.Options) { o.RetryMaxAttempts = oss.Ptr(1) }
	ask := func(origin, method, headers string) (*oss.OptionObjectResult, error) {
		return c.OptionObject(background, &oss.OptionObjectRequest{
			Bucket: &bucket, Key: opt("k"), Origin: &origin, AccessControlRequestMethod: &method, AccessControlRequestHeaders: opt(headers),
		}, once)
	}
	_, err := ask("https://app.example", "PUT", "")
	says(t, err, "AccessForbidden", "CORSResponse: CORS is not enabled for this bucket.")
	must(t, call(c.PutBucketCors, &oss.PutBucketCorsRequest{Bucket: &bucket, CORSConfiguration: &oss.CORSConfiguration{CORSRules: []oss.CORSRule{{
		AllowedOrigins: []string{"https://*.example"}, AllowedMethods: []string{"GET", "PUT"}, AllowedHeaders: []string{"x-oss-*"},
		ExposeHeaders: []string{"ETag"}, MaxAgeSeconds: oss.Ptr(int64(60)),
	}}}}))
	got, err := ask("https://app.example", "PUT", "x-oss-meta-a")
	must(t, err)
	equal(t, "origin", oss.ToString(got.AccessControlAllowOrigin), "https://app.example")
	equal(t, "methods", oss.ToString(got.AccessControlAllowMethods), "GET, PUT")
	equal(t, "headers", oss.ToString(got.AccessControlAllowHeaders), "x-oss-meta-a")
	equal(t, "exposed", oss.ToString(got.AccessControlExposeHeaders), "ETag")
	equal(t, "age", oss.ToInt64(got.AccessControlMaxAge), 60)
	for _, row := range [][3]string{
		{"https://app.elsewhere", "PUT", ""}, {"https://app.example", "DELETE", ""}, {"https://app.example", "PUT", "x-oss-meta-a, authorization"},
	} {
		_, err := ask(row[0], row[1], row[2])
		says(t, err, "AccessForbidden")
	}
	for message, headers := range map[string]map[string]string{
		"Insufficient information. Origin request header needed.":                        {"Access-Control-Request-Method": "GET"},
		"Insufficient information. Request Access-Control-Request-Method header needed.": {"Origin": "https://app.example"},
	} {
		_, err := c.InvokeOperation(background, &oss.OperationInput{OpName: "OptionObject", Method: "OPTIONS", Bucket: &bucket, Key: opt("k"), Headers: headers}, once)
		says(t, err, "BadRequest", message)
	}
}
