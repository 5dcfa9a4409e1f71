package e2e

import (
	"bytes"
	"crypto/md5"
	"encoding/base64"
	"testing"

	"github.com/aliyun/alibabacloud-oss-go-sdk-v2/oss"
)

// An upload whose parts come one after the other gives an object with an MD5, which the uploader asks for by a parameter.
func TestSequentialUpload(t *testing.T) {
	c, bucket := settings(t)
	body := bytes.Repeat([]byte("0123456789"), 25_000)
	uploader := oss.NewUploader(c, func(o *oss.UploaderOptions) { o.PartSize, o.ParallelNum = 100*1024, 1 })
	for _, parameters := range []map[string]string{nil, {"sequential": ""}} {
		_, err := uploader.UploadFrom(background, &oss.PutObjectRequest{
			Bucket: bucket, Key: oss.Ptr("k"), RequestCommon: oss.RequestCommon{Parameters: parameters},
		}, bytes.NewReader(body))
		must(t, err)
		head, err := c.HeadObject(background, &oss.HeadObjectRequest{Bucket: bucket, Key: oss.Ptr("k")})
		must(t, err)
		sum := md5.Sum(body)
		want := ""
		if parameters != nil {
			want = base64.StdEncoding.EncodeToString(sum[:])
		}
		equal(t, "MD5", oss.ToString(head.ContentMD5), want)
		equal(t, "type", oss.ToString(head.ObjectType), "Multipart")
	}

	begun, err := c.InitiateMultipartUpload(background, &oss.InitiateMultipartUploadRequest{
		Bucket: bucket, Key: oss.Ptr("k"), RequestCommon: oss.RequestCommon{Parameters: map[string]string{"sequential": ""}},
	})
	must(t, err)
	part := func(number int32) error {
		_, err := c.UploadPart(background, &oss.UploadPartRequest{
			Bucket: bucket, Key: oss.Ptr("k"), UploadId: begun.UploadId, PartNumber: number, Body: bytes.NewReader(body),
		})
		return err
	}
	says(t, part(2), "PartNotSequential")
	must(t, part(1))
	says(t, part(1), "PartAlreadyExist")
}
