"""Every object operation of the two Python SDKs by the name that the documentation gives it, for tests that go through
tables of requests.

A call of an SDK's own is made wherever there is one; `send` is the SDK's general request, for what its typed calls would
not send. Refusals come back whole: status, code, message, EC, headers and the other elements of the error document.
"""

import functools
import types

import alibabacloud_oss_v2 as oss_v2
import oss2
import requests

import sdk

#: What comes with a code wherever the documentation has one text for it: status, message, EC (None: not documented).
CODES = {
    "AccessDenied": (403, None, "0003-00000001"),
    "AccessForbidden": (403, (
        "CORSResponse: This CORS request is not allowed. This is usually because the evalution of Origin, request method / "
        "Access-Control-Request-Method or Access-Control-Requet-Headers are not whitelisted by the resource's CORS spec."
    ), None),
    "ArchiveRestoreFileStale": (409, "The archive file or restore info stale", None),
    "ArchiveRestoreNotFinished": (409, "The archive file's restore is not finished.", "0016-00000719"),
    "BadRequest": (400, None, None),
    "EntityTooLarge": (400, None, None),
    "EntityTooSmall": (400, "Your proposed upload smaller than the minimum allowed size.", None),
    "FileAlreadyExists": (409, "The object you specified already exists and can not be overwritten.", None),
    "FileImmutable": (409, "The object you specified is immutable.", None),
    "InvalidArgument": (400, None, None),
    "InvalidCRC64": (400, "The x-oss-hash-crc64ecma you specified does not match what we calculated.", None),
    "InvalidDataEncryptionAlgorithmError": (
        400, "The KMS Data Encryption request you specified is not valid. Supported value:SM4", None),
    "InvalidDigest": (400, "The Content-MD5 you specified was invalid.", None),
    "InvalidEncryptionAlgorithmError": (
        400, "The Encryption request you specified is not valid. Supported value: AES256/SM4/KMS.", None),
    "InvalidInputRecordDelimiter": (400, None, "0016-00000829"),
    "InvalidJsonData": (400, None, "0016-00000801"),
    "InvalidObjectName": (400, None, None),
    "InvalidObjectState": (403, "The operation is not valid for the object's state.", None),
    "InvalidOutputFieldDelimiter": (400, None, "0016-00000828"),
    "InvalidPart": (400, (
        "One or more of the specified parts could not be found or the specified entity tag might not have matched the "
        "part's entity tag."
    ), None),
    "InvalidPartOrder": (400, (
        "The list of parts was not in ascending order. Parts list must specified in order by part number."
    ), None),
    "InvalidRange": (416, "The requested range cannot be satisfied.", None),
    "InvalidRequest": (400, "Request specific response headers cannot be used for anonymous GET requests.", None),
    "InvalidSqlParameter": (400, None, None),
    "InvalidTag": (400, None, None),
    "InvalidTargetType": (400, "The symbolic's target file type is invalid", "0026-00000011"),
    "MalformedXML": (400, (
        "The XML you provided was not well-formed or did not validate against our published schema."
    ), "0031-00000001"),
    "MetaTooLarge": (400, None, None),
    "MethodNotAllowed": (405, "The specified method is not allowed against this resource.", "0003-00000016"),
    "MissingArgument": (400, "Missing Some Required Arguments.", "0016-00000502"),
    "NoSuchBucket": (404, "The specified bucket does not exist.", "0015-00000101"),
    "NoSuchKey": (404, "The specified key does not exist.", "0026-00000001"),
    "NoSuchObjectWormConfiguration": (404, None, None),
    "NoSuchUpload": (404, (
        "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or "
        "completed."
    ), None),
    "NoSuchVersion": (404, "The specified version does not exist.", None),
    "NotImplemented": (400, "A header you provided implies functionality that is not implemented.", None),
    "NotSymlink": (400, "The object is not symlink.", None),
    "ObjectNotAppendable": (409, "The object is not appendable", None),
    "OperationNotSupported": (400, "The operation is not supported for this resource", None),
    "PositionNotEqualToLength": (409, "Position is not equal to file length", "0026-00000016"),
    "PreconditionFailed": (412, "At least one of the pre-conditions you specified did not hold.", None),
    "RestoreAlreadyInProgress": (409, "The restore operation is in progress.", "0016-00000701"),
    "SymlinkTargetNotExist": (404, "The symlink target object does not exist.", None),
    # 304 has no document, and the SDKs make up a code of their own.
    "NotModified": (304, None, None),
}
#: Elements that the document of a code has beside the usual ones.
ELEMENTS = {
    "InvalidArgument": {"ArgumentName", "ArgumentValue"}, "MethodNotAllowed": {"Method", "ResourceType"},
    "NoSuchBucket": {"BucketName"}, "NoSuchKey": {"Key"},
}


class Refusal(Exception):
    """A refusal as the SDK reports it."""

    def __init__(self, status, code, message, ec, request_id, headers, elements):
        super().__init__(f"{status} {code} {message} {ec}")
        self.status, self.code, self.message, self.ec, self.request_id = status, code, message, ec, request_id
        self.headers = {name.lower(): value for name, value in headers.items()}
        self.elements = elements

    def differs(self, code, message=None, ec=None):
        """What of it is not as documented; empty if nothing."""
        status, usual_message, usual_ec = CODES[code]
        if status == 304:
            return [] if self.status == 304 and not self.elements and not self.ec else [str(self)]
        message, ec = message or usual_message, ec or usual_ec
        found = (self.status, self.code, self.message if message else None, self.ec if ec else None)
        wrong = [] if found == (status, code, message, ec) else [f"{self}, not {status} {code} {message} {ec}"]
        if missing := {"RequestId", "HostId", *ELEMENTS.get(code, ())} - set(self.elements):
            wrong.append(f"without {missing}")
        if self.headers.get("x-oss-request-id") != self.request_id or len(self.request_id) != 24:
            wrong.append(f"request id {self.request_id}")
        if self.headers.get("x-oss-ec") != (self.ec or None):
            wrong.append(f"x-oss-ec {self.headers.get('x-oss-ec')}")
        return wrong


class Oss2(sdk.Oss2):
    """oss2."""

    def anonymous(self):
        copy = Oss2("v4")
        copy.auth = oss2.AnonymousAuth()
        return copy

    def _refused(self, function, *arguments, **named):
        try:
            return function(*arguments, **named)
        except oss2.exceptions.ServerError as error:
            raise Refusal(
                error.status, error.code, error.message, error.details.get("EC"), error.request_id, error.headers,
                error.details,
            ) from error

    def send(self, method, bucket, key="", params=None, headers=None, body=None):
        """The general request: status, headers in lower case, body."""
        answer = self._refused(
            self._bucket(bucket)._do, method, bucket, key, data=body, params=dict(params or {}), headers=dict(headers or {})
        )
        return answer.status, {name.lower(): value for name, value in answer.headers.items()}, answer.read()

    def call(self, operation, bucket, **given):
        """An operation by its name. Keys and headers in `given` are those of `OPERATIONS`."""
        g = Given(given)
        b, key, more = self._bucket(bucket), g.key, {"headers": dict(g.headers)}
        params = dict(g.params)
        if g.version is not None:
            params["versionId"] = g.version
        with_params = {**more, "params": params}
        part = oss2.models.PartInfo
        calls = {
            "PutObject": lambda: b.put_object(key, g.body, **more),
            "GetObject": lambda: b.get_object(key, **with_params),
            "HeadObject": lambda: b.head_object(key, **with_params),
            "GetObjectMeta": lambda: b.get_object_meta(key, **with_params),
            "CopyObject": lambda: b.copy_object(bucket, g.source, key, **with_params),
            "AppendObject": lambda: b.append_object(key, g.position, g.body, **more),
            "DeleteObject": lambda: b.delete_object(key, **with_params),
            "DeleteMultipleObjects": lambda: b.batch_delete_objects(g.keys, **more),
            "InitiateMultipartUpload": lambda: b.init_multipart_upload(key, **with_params),
            "UploadPart": lambda: b.upload_part(key, g.upload, g.number, g.body, **more),
            "UploadPartCopy": lambda: b.upload_part_copy(
                bucket, g.source, None, key, g.upload, g.number, **with_params),
            "CompleteMultipartUpload": lambda: b.complete_multipart_upload(
                key, g.upload, None if g.parts is None else [part(*pair) for pair in g.parts], **more),
            "AbortMultipartUpload": lambda: b.abort_multipart_upload(key, g.upload, **more),
            "ListParts": lambda: b.list_parts(key, g.upload, max_parts=g.most, **more),
            "ListMultipartUploads": lambda: b.list_multipart_uploads(max_uploads=g.most, **more),
            "PutObjectAcl": lambda: b.put_object_acl(key, g.acl, **with_params),
            "GetObjectAcl": lambda: b.get_object_acl(key, **with_params),
            "PutSymlink": lambda: b.put_symlink(g.target, key, **more),
            "GetSymlink": lambda: b.get_symlink(key, **with_params),
            "PutObjectTagging": lambda: b.put_object_tagging(key, self._tagging(g.tags), **with_params),
            "GetObjectTagging": lambda: b.get_object_tagging(key, **with_params),
            "DeleteObjectTagging": lambda: b.delete_object_tagging(key, **with_params),
            "RestoreObject": lambda: b.restore_object(key, input=self._restore(g), **with_params),
        }
        if operation in calls:
            return self._refused(calls[operation])
        # No call for these.
        method, params = {
            "SealAppendObject": ("POST", {"seal": "", "position": str(g.position)}),
            "CleanRestoredObject": ("POST", {"cleanRestoredObject": ""}),
            "OptionObject": ("OPTIONS", {}),
            "PutObjectRetention": ("PUT", {"retention": ""}),
            "GetObjectRetention": ("GET", {"retention": ""}),
            "PutObjectLegalHold": ("PUT", {"legalHold": ""}),
            "GetObjectLegalHold": ("GET", {"legalHold": ""}),
        }[operation]
        if g.version is not None:
            params["versionId"] = g.version
        body = g.document(operation)
        return self.send(method, bucket, key, {**params, **g.params}, g.headers, body)

    @staticmethod
    def _tagging(tags):
        rule = oss2.models.TaggingRule()
        rule.tagging_rule = dict(tags)
        return oss2.models.Tagging(rule)

    @staticmethod
    def _restore(g):
        if g.days is None and g.tier is None:
            return None
        job = None if g.tier is None else oss2.models.RestoreJobParameters(g.tier)
        return oss2.models.RestoreConfiguration(days=g.days or 1, job_parameters=job)


class OssV2(sdk.OssV2):
    """alibabacloud-oss-v2."""

    def anonymous(self):
        return OssV2("v4", credentials_provider=oss_v2.credentials.AnonymousCredentialsProvider())

    def _refused(self, function, request):
        try:
            return function(request)
        except oss_v2.exceptions.OperationError as error:
            cause = error.unwrap()
            if not isinstance(cause, oss_v2.exceptions.ServiceError):
                raise
            raise Refusal(
                cause.status_code, cause.code, cause.message, cause.ec, cause.request_id, cause.headers,
                cause.error_fileds,
            ) from error

    def send(self, method, bucket, key="", params=None, headers=None, body=None):
        """The general request: status, headers in lower case, body."""
        request = oss_v2.types.OperationInput(
            op_name="Any", method=method, bucket=bucket, key=key or None, parameters=dict(params or {}), body=body,
            headers=requests.structures.CaseInsensitiveDict(headers or {}),
        )
        answer = self._refused(self.client.invoke_operation, request)
        return (
            answer.status_code, {name.lower(): value for name, value in answer.headers.items()},
            answer.http_response.content,
        )

    def call(self, operation, bucket, **given):
        """An operation by its name."""
        g = Given(given)
        fields = {"bucket": bucket, "headers": dict(g.headers), "parameters": dict(g.params)}
        if operation not in ("DeleteMultipleObjects", "ListMultipartUploads"):
            fields["key"] = g.key
        copies = operation in ("CopyObject", "UploadPartCopy")
        if g.version is not None:
            fields["source_version_id" if copies else "version_id"] = g.version
        for operations, name, value in (
            (("PutObject", "AppendObject", "UploadPart"), "body", g.body),
            (("CopyObject", "UploadPartCopy"), "source_key", g.source),
            (("AppendObject", "SealAppendObject"), "position", g.position),
            (("UploadPart", "UploadPartCopy", "CompleteMultipartUpload", "AbortMultipartUpload", "ListParts"),
             "upload_id", g.upload),
            (("UploadPart", "UploadPartCopy"), "part_number", g.number),
            (("ListParts",), "max_parts", g.most),
            (("ListMultipartUploads",), "max_uploads", g.most),
            (("PutObjectAcl",), "acl", g.acl),
            (("PutSymlink",), "target", g.target),
            (("DeleteMultipleObjects",), "objects", [oss_v2.DeleteObject(key=key) for key in g.keys]),
        ):
            if operation in operations:
                fields[name] = value
        if operation == "CompleteMultipartUpload" and g.parts is not None:
            parts = [oss_v2.UploadPart(part_number=number, etag=etag) for number, etag in g.parts]
            fields["complete_multipart_upload"] = oss_v2.CompleteMultipartUpload(parts=parts)
        if operation == "PutObjectTagging":
            tags = [oss_v2.Tag(key=key, value=value) for key, value in g.tags.items()]
            fields["tagging"] = oss_v2.Tagging(tag_set=oss_v2.TagSet(tags=tags))
        if operation == "RestoreObject" and (g.days or g.tier) is not None:
            job = None if g.tier is None else oss_v2.JobParameters(tier=g.tier)
            fields["restore_request"] = oss_v2.RestoreRequest(days=g.days, job_parameters=job)
        if operation == "PutObjectRetention":
            fields["retention"] = oss_v2.models.Retention(mode=g.mode, retain_until_date=g.until)
        if operation == "PutObjectLegalHold":
            fields["legal_hold"] = oss_v2.models.LegalHold(status=g.hold)
        snake = "".join("_" + letter.lower() if letter.isupper() else letter for letter in operation).lstrip("_")
        return self._refused(getattr(self.client, snake), getattr(oss_v2.models, f"{operation}Request")(**fields))


class Given(types.SimpleNamespace):
    """The arguments of a call, with what is usual where the test does not say."""

    def __init__(self, given):
        super().__init__(**{
            "key": "new", "headers": {}, "params": {}, "body": b"body", "version": None, "source": "k", "position": 0,
            "keys": ["k"], "upload": "0" * 32, "number": 1, "parts": [(1, "0" * 32)], "most": 1000, "acl": "private",
            "target": "k", "tags": {"a": "1"}, "days": None, "tier": None, "mode": "GOVERNANCE", "until": None, "hold": "ON",
            **given,
        })

    def document(self, operation):
        """The body of an operation for which oss2 has no call."""
        if operation == "PutObjectRetention":
            return f"<Retention><Mode>{self.mode}</Mode><RetainUntilDate>{self.until}</RetainUntilDate></Retention>"
        if operation == "PutObjectLegalHold":
            return f"<LegalHold><Status>{self.hold}</Status></LegalHold>"
        return None


#: One client of each SDK; both signature versions read refusals alike.
BOTH = [Oss2, OssV2]


def refusal(function, *arguments, **named):
    """The refusal of a call, which has to come."""
    try:
        answer = function(*arguments, **named)
    except Refusal as error:
        return error
    raise AssertionError(f"not refused: {answer}")


class Stage:
    """A bucket with one object of every kind, which refused requests leave as it is."""

    BODY = b"0123456789" * 100

    def __init__(self, name):
        self.root, self.bucket = Oss2("v4"), name
        self.root.make_bucket(name)
        self.do = functools.partial(self.root.call, bucket=name)
        self.do("PutObject", key="k", body=self.BODY, headers={"x-oss-meta-a": "1", "x-oss-tagging": "a=1"})
        self.do("AppendObject", key="log", body=b"12345")
        self.do("AppendObject", key="sealed", body=b"12345")
        self.do("SealAppendObject", key="sealed", position=5)
        self.do("PutObject", key="archived", headers={"x-oss-storage-class": "Archive"})
        for link, target in (("link", "k"), ("double", "link"), ("nowhere", "absent")):
            self.do("PutSymlink", key=link, target=target)
        self.upload = self.root.begin(name, "parts")
        self.parts = [
            (number, self.root.part(name, "parts", self.upload, number, bytes([number]) * size))
            for number, size in ((1, 102_400), (2, 100), (3, 100))
        ]
        self.seen = self.look()

    def look(self):
        """Everything that a request could have changed."""
        target = self.root._bucket(self.bucket)
        objects = [(o.key, o.etag, o.type, o.size, o.last_modified, o.storage_class) for o in target.list_objects().object_list]
        head = target.head_object("k").headers
        return (
            objects, {name: head.get(name) for name in ("x-oss-meta-a", "x-oss-tagging-count", "content-type")},
            target.get_object_acl("k").acl, target.get_object_tagging("k").tag_set.tagging_rule,
            self.root.uploads(self.bucket), self.root.parts(self.bucket, "parts", self.upload),
        )

    def unchanged(self):
        """What is different now, as an assertion. The next test begins with what there is then."""
        before, self.seen = self.seen, self.look()
        assert self.seen == before

    def close(self):
        for key, upload in self.root.uploads(self.bucket):
            self.root.abort(self.bucket, key, upload)
        if keys := self.root.list(self.bucket, max_keys=1000).keys:
            self.root.delete_many(self.bucket, keys)
        self.root.delete_bucket(self.bucket)
