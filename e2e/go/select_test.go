package e2e

import (
	"fmt"
	"io"
	"strings"
	"testing"

	v2oss "github.com/aliyun/alibabacloud-oss-go-sdk-v2/oss"
	v1oss "github.com/aliyun/aliyun-oss-go-sdk/oss"
)

const selectPeople = "name,school,company,age\r\nLora Francis,School A,Staples Inc,27\r\n" +
	"Eleanor Little,School B,\"Conectiv, Inc\",43\r\nLawrence Ross,School D,MetLife Inc.,24"

// selectBucket makes a bucket with one object.
func selectBucket(t *testing.T, name, body string) (*v1, *v2) {
	t.Helper()
	o := clientOptions{
		endpoint: env.endpoint, region: env.region, accessKeyID: env.accessKeyID, accessKeySecret: env.accessKeySecret,
		signature: "V4", pathStyle: true,
	}
	one, two := openV1(o).(*v1), openV2(o).(*v2)
	if err := one.createBucket(name); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = one.bucket(name).DeleteObject("k")
		if err := one.deleteBucket(name); err != nil {
			t.Error(err)
		}
	})
	if err := one.bucket(name).PutObject("k", strings.NewReader(body)); err != nil {
		t.Fatal(err)
	}
	return one, two
}

func TestSelectObjectV1(t *testing.T) {
	one, _ := selectBucket(t, "go-select-v1", selectPeople)
	yes := true
	request := v1oss.SelectRequest{Expression: "select name, age from ossobject where age > 25 and company like '%Inc'"}
	request.InputSerializationSelect.CsvBodyInput.FileHeaderInfo = "Use"
	request.OutputSerializationSelect.EnablePayloadCrc = &yes
	body, err := one.bucket("go-select-v1").SelectObject("k", request)
	if err != nil {
		t.Fatal(err)
	}
	defer body.Close()
	got, err := io.ReadAll(body)
	if want := "Lora Francis,27\nEleanor Little,43\n"; err != nil || string(got) != want {
		t.Fatalf("%q %v, want %q", got, err, want)
	}
	meta, err := one.bucket("go-select-v1").CreateSelectCsvObjectMeta("k", v1oss.CsvMetaRequest{})
	if err != nil || meta.RowsCount != 4 || meta.ColumnsCount != 4 || meta.SplitsCount != 1 {
		t.Fatalf("%+v %v", meta, err)
	}
	request.Expression = "select * from ossobject order by _1"
	if _, err := one.bucket("go-select-v1").SelectObject("k", request); err == nil || !strings.Contains(err.Error(), "InvalidSqlParameter") {
		t.Fatal(err)
	}
}

func TestSelectObjectV2(t *testing.T) {
	_, two := selectBucket(t, "go-select-v2", selectPeople)
	bucket := v2oss.Ptr("go-select-v2")
	result, err := two.c.SelectObject(background, &v2oss.SelectObjectRequest{
		Bucket: bucket, Key: v2oss.Ptr("k"),
		SelectRequest: &v2oss.SelectRequest{
			Expression: v2oss.Ptr("select name from ossobject"),
			InputSerializationSelect: v2oss.InputSerializationSelect{
				CsvBodyInput: &v2oss.CSVSelectInput{FileHeaderInfo: v2oss.Ptr("Use")},
			},
			OutputSerializationSelect: v2oss.OutputSerializationSelect{OutputHeader: v2oss.Ptr(true), EnablePayloadCrc: v2oss.Ptr(true)},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(result.Body)
	if want := "name\nLora Francis\nEleanor Little\nLawrence Ross\n"; err != nil || string(got) != want {
		t.Fatalf("%q %v, want %q", got, err, want)
	}
	meta, err := two.c.CreateSelectObjectMeta(background, &v2oss.CreateSelectObjectMetaRequest{
		Bucket: bucket, Key: v2oss.Ptr("k"), MetaRequest: &v2oss.CsvMetaRequest{OverwriteIfExists: v2oss.Ptr(true)},
	})
	if err != nil || meta.RowsCount != 4 {
		t.Fatalf("%+v %v", meta, err)
	}
}

// JSON values one after the other, each over several lines, as the service takes them for LINES.
func TestSelectJSON(t *testing.T) {
	var body strings.Builder
	for n := range 3 {
		fmt.Fprintf(&body, "{\n\t\"n\": %d,\n\t\"p\": {\"name\": \"a/%d\"}\n}\n", n, n)
	}
	one, two := selectBucket(t, "go-select-json", body.String())
	request := v1oss.SelectRequest{Expression: "select n, p.name from ossobject where n >= 1"}
	request.InputSerializationSelect.JsonBodyInput.JSONType = "LINES"
	request.OutputSerializationSelect.JsonBodyOutput.RecordDelimiter = ","
	answer, err := one.bucket("go-select-json").SelectObject("k", request)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Close()
	got, err := io.ReadAll(answer)
	if want := `{"n":1,"name":"a\/1"},{"n":2,"name":"a\/2"},`; err != nil || string(got) != want {
		t.Fatalf("%q %v, want %q", got, err, want)
	}
	meta, err := two.c.CreateSelectObjectMeta(background, &v2oss.CreateSelectObjectMetaRequest{
		Bucket: v2oss.Ptr("go-select-json"), Key: v2oss.Ptr("k"),
		MetaRequest: &v2oss.JsonMetaRequest{
			InputSerialization: &v2oss.InputSerialization{JSON: &v2oss.InputSerializationJSON{JSONType: v2oss.Ptr("LINES")}},
		},
	})
	if err != nil || meta.RowsCount != 3 {
		t.Fatalf("%+v %v", meta, err)
	}
}
