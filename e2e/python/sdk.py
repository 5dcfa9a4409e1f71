"""The two official Python SDKs behind one set of calls, so that each test runs on both and on both schemes.

Only what the SDK itself says comes back: values it parsed, refusals it parsed. Nothing is corrected.
"""

import dataclasses
import datetime

import alibabacloud_oss_v2 as oss_v2
import oss2

import server


class Refused(Exception):
    """What an SDK made of an error answer."""

    def __init__(self, status, code, message, request_id, ec):
        super().__init__(f"{status} {code} {message} {request_id} {ec}")
        self.status, self.code, self.message, self.request_id, self.ec = status, code, message, request_id, ec


@dataclasses.dataclass
class Got:
    """An object, or what HEAD says of it."""

    headers: dict
    body: bytes = b""


@dataclasses.dataclass
class Page:
    keys: list
    prefixes: list
    truncated: bool
    next: str


class Oss2:
    """oss2, the older generation."""

    name = "oss2"

    def __init__(self, scheme, endpoint=server.ENDPOINT, **options):
        self.scheme = scheme
        self.endpoint = endpoint
        self.options = options
        maker = {"v1": oss2.Auth, "v4": oss2.AuthV4}[scheme]
        self.auth = maker(server.KEY_ID, server.KEY_SECRET)

    def _bucket(self, bucket):
        return oss2.Bucket(self.auth, self.endpoint, bucket, region=server.REGION, **self.options)

    def _call(self, function, *arguments, **named):
        try:
            return function(*arguments, **named)
        except oss2.exceptions.ServerError as error:
            raise Refused(
                error.status, error.code, error.message, error.request_id, error.details.get("EC")
            ) from error

    def ask(self, method, bucket, query, body=None, headers=None):
        """A request that no call of the SDK makes, signed and sent by it, and its answer read by it. `bucket` may be
        empty: the service."""
        service = oss2.Service(self.auth, self.endpoint, region=server.REGION)
        result = self._call(
            service._do, method, bucket, "", params=dict(query), headers=dict(headers or {}), data=body
        )
        return Got({name.lower(): value for name, value in result.headers.items()}, result.read())

    def make_bucket(self, bucket, acl=None):
        self._call(self._bucket(bucket).create_bucket, acl)

    def delete_bucket(self, bucket):
        self._call(self._bucket(bucket).delete_bucket)

    def buckets(self, prefix):
        service = oss2.Service(self.auth, self.endpoint, region=server.REGION)
        return [info.name for info in self._call(service.list_buckets, prefix=prefix).buckets]

    def bucket_info(self, bucket):
        info = self._call(self._bucket(bucket).get_bucket_info)
        return {
            "name": info.name, "location": info.location, "acl": info.acl.grant, "owner": info.owner.id,
            "class": info.storage_class, "created": info.creation_date,
        }

    def bucket_acl(self, bucket):
        return self._call(self._bucket(bucket).get_bucket_acl).acl

    def set_bucket_acl(self, bucket, acl):
        self._call(self._bucket(bucket).put_bucket_acl, acl)

    def bucket_stat(self, bucket):
        stat = self._call(self._bucket(bucket).get_bucket_stat)
        return stat.object_count, stat.storage_size_in_bytes

    def bucket_location(self, bucket):
        return self._call(self._bucket(bucket).get_bucket_location).location

    def put(self, bucket, key, body, content_type=None, meta=None, **headers):
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        if content_type:
            headers["Content-Type"] = content_type
        headers.update({f"x-oss-meta-{name}": value for name, value in (meta or {}).items()})
        result = self._call(self._bucket(bucket).put_object, key, body, headers=headers)
        return {"etag": result.etag, "crc": str(result.crc), "request_id": result.request_id}

    def get(self, bucket, key, range=None, params=None):
        result = self._call(self._bucket(bucket).get_object, key, byte_range=range, params=params)
        return Got({name.lower(): value for name, value in result.headers.items()}, result.read())

    def head(self, bucket, key):
        result = self._call(self._bucket(bucket).head_object, key)
        return Got({name.lower(): value for name, value in result.headers.items()})

    def meta(self, bucket, key):
        result = self._call(self._bucket(bucket).get_object_meta, key)
        return Got({name.lower(): value for name, value in result.headers.items()})

    def delete(self, bucket, key):
        self._call(self._bucket(bucket).delete_object, key)

    def delete_many(self, bucket, keys):
        return self._call(self._bucket(bucket).batch_delete_objects, keys).deleted_keys

    def list(self, bucket, prefix="", delimiter="", marker="", max_keys=100):
        page = self._call(
            self._bucket(bucket).list_objects, prefix=prefix, delimiter=delimiter, marker=marker, max_keys=max_keys
        )
        return Page([item.key for item in page.object_list], page.prefix_list, page.is_truncated, page.next_marker)

    def list_v2(self, bucket, prefix="", delimiter="", token="", max_keys=100):
        page = self._call(
            self._bucket(bucket).list_objects_v2,
            prefix=prefix, delimiter=delimiter, continuation_token=token, max_keys=max_keys,
        )
        return Page(
            [item.key for item in page.object_list], page.prefix_list, page.is_truncated, page.next_continuation_token
        )

    def copy(self, source_bucket, source_key, bucket, key):
        return self._call(self._bucket(bucket).copy_object, source_bucket, source_key, key).etag

    def object_acl(self, bucket, key):
        return self._call(self._bucket(bucket).get_object_acl, key).acl

    def set_object_acl(self, bucket, key, acl):
        self._call(self._bucket(bucket).put_object_acl, key, acl)

    def begin(self, bucket, key):
        return self._call(self._bucket(bucket).init_multipart_upload, key).upload_id

    def part(self, bucket, key, upload, number, body):
        return self._call(self._bucket(bucket).upload_part, key, upload, number, body).etag

    def part_copy(self, bucket, key, upload, number, source_bucket, source_key, range):
        copy = self._bucket(bucket).upload_part_copy
        return self._call(copy, source_bucket, source_key, range, key, upload, number).etag

    def parts(self, bucket, key, upload):
        return [(part.part_number, part.etag, part.size) for part in
                self._call(self._bucket(bucket).list_parts, key, upload).parts]

    def uploads(self, bucket):
        return [(info.key, info.upload_id) for info in
                self._call(self._bucket(bucket).list_multipart_uploads).upload_list]

    def complete(self, bucket, key, upload, parts):
        parts = [oss2.models.PartInfo(number, etag) for number, etag in parts]
        return self._call(self._bucket(bucket).complete_multipart_upload, key, upload, parts).etag

    def abort(self, bucket, key, upload):
        self._call(self._bucket(bucket).abort_multipart_upload, key, upload)

    def presign(self, method, bucket, key, expires=600, headers=None, params=None, additional=None):
        """The URL, and the headers that the request must carry. The SDK writes into the dictionaries it gets."""
        options = {"headers": dict(headers or {}), "params": dict(params or {})}
        if additional is not None:
            options["additional_headers"] = additional
        url = self._bucket(bucket).sign_url(method, key, expires, **options)
        return url, dict(headers or {})


class OssV2:
    """alibabacloud-oss-v2, the newer generation."""

    name = "oss-v2"

    def __init__(self, scheme, endpoint=server.ENDPOINT, **options):
        self.scheme = scheme
        config = oss_v2.config.load_default()
        config.credentials_provider = oss_v2.credentials.StaticCredentialsProvider(server.KEY_ID, server.KEY_SECRET)
        config.region = server.REGION
        config.endpoint = endpoint
        config.signature_version = scheme
        config.retry_max_attempts = 1
        for name, value in options.items():
            assert hasattr(config, name), name
            setattr(config, name, value)
        self.client = oss_v2.Client(config)

    def _call(self, function, request, **named):
        try:
            return function(request, **named)
        except oss_v2.exceptions.OperationError as error:
            cause = error.unwrap()
            if not isinstance(cause, oss_v2.exceptions.ServiceError):
                raise
            raise Refused(cause.status_code, cause.code, cause.message, cause.request_id, cause.ec) from error

    def ask(self, method, bucket, query, body=None, headers=None):
        """As in the older SDK, by the operation that this one has for it."""
        result = self._call(
            self.client.invoke_operation,
            oss_v2.OperationInput(
                op_name="Ask", method=method, bucket=bucket or None, parameters=dict(query), body=body,
                headers=oss_v2.types.CaseInsensitiveDict(headers or {}), op_metadata={"sub-resource": list(query)},
            ),
        )
        return Got({name.lower(): value for name, value in result.headers.items()}, result.http_response.content)

    def make_bucket(self, bucket, acl=None):
        self._call(self.client.put_bucket, oss_v2.PutBucketRequest(bucket=bucket, acl=acl))

    def delete_bucket(self, bucket):
        self._call(self.client.delete_bucket, oss_v2.DeleteBucketRequest(bucket=bucket))

    def buckets(self, prefix):
        result = self._call(self.client.list_buckets, oss_v2.ListBucketsRequest(prefix=prefix))
        return [bucket.name for bucket in result.buckets or []]

    def bucket_info(self, bucket):
        info = self._call(self.client.get_bucket_info, oss_v2.GetBucketInfoRequest(bucket=bucket)).bucket_info
        return {
            "name": info.name, "location": info.location, "acl": info.acl, "owner": info.owner.id,
            "class": info.storage_class, "created": info.creation_date,
        }

    def bucket_acl(self, bucket):
        return self._call(self.client.get_bucket_acl, oss_v2.GetBucketAclRequest(bucket=bucket)).acl

    def set_bucket_acl(self, bucket, acl):
        self._call(self.client.put_bucket_acl, oss_v2.PutBucketAclRequest(bucket=bucket, acl=acl))

    def bucket_stat(self, bucket):
        stat = self._call(self.client.get_bucket_stat, oss_v2.GetBucketStatRequest(bucket=bucket))
        return stat.object_count, stat.storage

    def bucket_location(self, bucket):
        return self._call(self.client.get_bucket_location, oss_v2.GetBucketLocationRequest(bucket=bucket)).location

    def put(self, bucket, key, body, content_type=None, meta=None, **headers):
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        request = oss_v2.PutObjectRequest(
            bucket=bucket, key=key, body=body, content_type=content_type, metadata=meta, headers=headers
        )
        result = self._call(self.client.put_object, request)
        return {"etag": result.etag.strip('"'), "crc": result.hash_crc64, "request_id": result.request_id}

    def get(self, bucket, key, range=None, params=None):
        header = f"bytes={range[0]}-{range[1]}" if range else None
        request = oss_v2.GetObjectRequest(bucket=bucket, key=key, range_header=header, parameters=params or {})
        result = self._call(self.client.get_object, request)
        return Got({name.lower(): value for name, value in result.headers.items()}, result.body.read())

    def head(self, bucket, key):
        result = self._call(self.client.head_object, oss_v2.HeadObjectRequest(bucket=bucket, key=key))
        return Got({name.lower(): value for name, value in result.headers.items()})

    def meta(self, bucket, key):
        result = self._call(self.client.get_object_meta, oss_v2.GetObjectMetaRequest(bucket=bucket, key=key))
        return Got({name.lower(): value for name, value in result.headers.items()})

    def delete(self, bucket, key):
        self._call(self.client.delete_object, oss_v2.DeleteObjectRequest(bucket=bucket, key=key))

    def delete_many(self, bucket, keys):
        request = oss_v2.DeleteMultipleObjectsRequest(
            bucket=bucket, encoding_type="url", objects=[oss_v2.DeleteObject(key=key) for key in keys]
        )
        result = self._call(self.client.delete_multiple_objects, request)
        return [item.key for item in result.deleted_objects or []]

    def list(self, bucket, prefix="", delimiter="", marker="", max_keys=100):
        request = oss_v2.ListObjectsRequest(
            bucket=bucket, prefix=prefix, delimiter=delimiter, marker=marker, max_keys=max_keys
        )
        page = self._call(self.client.list_objects, request)
        return Page(
            [item.key for item in page.contents or []], [item.prefix for item in page.common_prefixes or []],
            page.is_truncated, page.next_marker,
        )

    def list_v2(self, bucket, prefix="", delimiter="", token=None, max_keys=100):
        request = oss_v2.ListObjectsV2Request(
            bucket=bucket, prefix=prefix, delimiter=delimiter, continuation_token=token or None, max_keys=max_keys
        )
        page = self._call(self.client.list_objects_v2, request)
        return Page(
            [item.key for item in page.contents or []], [item.prefix for item in page.common_prefixes or []],
            page.is_truncated, page.next_continuation_token,
        )

    def copy(self, source_bucket, source_key, bucket, key):
        request = oss_v2.CopyObjectRequest(
            bucket=bucket, key=key, source_bucket=source_bucket, source_key=source_key
        )
        return self._call(self.client.copy_object, request).etag.strip('"')

    def object_acl(self, bucket, key):
        return self._call(self.client.get_object_acl, oss_v2.GetObjectAclRequest(bucket=bucket, key=key)).acl

    def set_object_acl(self, bucket, key, acl):
        self._call(self.client.put_object_acl, oss_v2.PutObjectAclRequest(bucket=bucket, key=key, acl=acl))

    def begin(self, bucket, key):
        request = oss_v2.InitiateMultipartUploadRequest(bucket=bucket, key=key)
        return self._call(self.client.initiate_multipart_upload, request).upload_id

    def part(self, bucket, key, upload, number, body):
        request = oss_v2.UploadPartRequest(
            bucket=bucket, key=key, upload_id=upload, part_number=number, body=body
        )
        return self._call(self.client.upload_part, request).etag.strip('"')

    def part_copy(self, bucket, key, upload, number, source_bucket, source_key, range):
        request = oss_v2.UploadPartCopyRequest(
            bucket=bucket, key=key, upload_id=upload, part_number=number, source_bucket=source_bucket,
            source_key=source_key, source_range=f"bytes={range[0]}-{range[1]}",
        )
        return self._call(self.client.upload_part_copy, request).etag.strip('"')

    def parts(self, bucket, key, upload):
        request = oss_v2.ListPartsRequest(bucket=bucket, key=key, upload_id=upload)
        return [(part.part_number, part.etag.strip('"'), part.size) for part in
                self._call(self.client.list_parts, request).parts or []]

    def uploads(self, bucket):
        request = oss_v2.ListMultipartUploadsRequest(bucket=bucket)
        return [(info.key, info.upload_id) for info in
                self._call(self.client.list_multipart_uploads, request).uploads or []]

    def complete(self, bucket, key, upload, parts):
        parts = [oss_v2.UploadPart(part_number=number, etag=etag) for number, etag in parts]
        request = oss_v2.CompleteMultipartUploadRequest(
            bucket=bucket, key=key, upload_id=upload,
            complete_multipart_upload=oss_v2.CompleteMultipartUpload(parts=parts),
        )
        return self._call(self.client.complete_multipart_upload, request).etag.strip('"')

    def abort(self, bucket, key, upload):
        request = oss_v2.AbortMultipartUploadRequest(bucket=bucket, key=key, upload_id=upload)
        self._call(self.client.abort_multipart_upload, request)

    def presign(self, method, bucket, key, expires=600, headers=None, params=None):
        """The URL, and the headers that the request must carry as the SDK reports them."""
        kind = {
            "GET": oss_v2.GetObjectRequest, "HEAD": oss_v2.HeadObjectRequest, "PUT": oss_v2.PutObjectRequest,
        }[method]
        request = kind(bucket=bucket, key=key, headers=dict(headers or {}), parameters=dict(params or {}))
        result = self.client.presign(request, expires=datetime.timedelta(seconds=expires))
        assert result.method == method
        return result.url, dict(result.signed_headers)


#: Every SDK with every scheme it has.
ALL = [(Oss2, "v1"), (Oss2, "v4"), (OssV2, "v4"), (OssV2, "v1")]
