"""SelectObject and its meta through the second SDK, and what both refuse, as both Python SDKs report it."""

import base64

import alibabacloud_oss_v2 as oss_v2
import pytest

import calls
import sdk

PEOPLE = b"name,age\nLora,27\nElen,43\n"
ALL = "select * from ossobject"


def text(value):
    return base64.b64encode(value.encode()).decode()


def select(sql=ALL, given="", wanted="", encoded=True):
    """A request of SelectObject."""
    return (
        f"<SelectRequest><Expression>{text(sql) if encoded else sql}</Expression>"
        f"<InputSerialization>{given}</InputSerialization><OutputSerialization>{wanted}</OutputSerialization>"
        "</SelectRequest>"
    ).encode()


def csv(inner):
    return f"<CSV>{inner}</CSV>"


META = b"<CsvMetaRequest/>"
LINES = "<JSON><Type>LINES</Type></JSON>"
#: Key, process, body, and how it is refused; the fourth is the EC.
REFUSED = {
    "no XML": ("k", "csv/select", b"<SelectRequest><", "MalformedXML"),
    "another document": ("k", "csv/select", META, "MalformedXML"),
    "no statement": ("k", "csv/select", select(""), "InvalidSqlParameter"),
    "statement that is not base64": ("k", "csv/select", select("*", encoded=False), "InvalidSqlParameter"),
    "grouping": ("k", "csv/select", select(f"{ALL} group by _1"), "InvalidSqlParameter"),
    "record delimiter of three": (
        "k", "csv/select", select(given=csv(f"<RecordDelimiter>{text('abc')}</RecordDelimiter>")),
        "InvalidInputRecordDelimiter"),
    "output field delimiter of two": (
        "k", "csv/select", select(wanted=csv(f"<FieldDelimiter>{text('||')}</FieldDelimiter>")),
        "InvalidOutputFieldDelimiter"),
    "absent": ("absent", "csv/select", select(), "NoSuchKey"),
    "archived": ("archived", "csv/select", select(), "InvalidObjectState"),
    "link to nothing": ("nowhere", "csv/select", select(), "SymlinkTargetNotExist"),
    "meta, no XML": ("k", "csv/meta", b"<CsvMetaRequest><", "MalformedXML"),
    "meta, document of the other kind": ("k", "json/meta", META, "MalformedXML"),
    "meta, absent": ("absent", "csv/meta", META, "NoSuchKey"),
    "meta, archived": ("archived", "csv/meta", META, "InvalidObjectState"),
}


@pytest.fixture(params=calls.BOTH, ids=lambda kind: kind.name)
def client(request):
    return request.param("v4")


@pytest.fixture(scope="module")
def stage():
    stage = calls.Stage("py-select-errors")
    stage.do("PutObject", key="k", body=PEOPLE)
    yield stage
    stage.close()


@pytest.mark.parametrize("name", REFUSED)
def test_refusals(client, stage, name):
    key, process, body, *expected = REFUSED[name]
    refusal = calls.refusal(client.send, "POST", stage.bucket, key, {"x-oss-process": process}, {}, body)
    assert refusal.differs(*expected) == []


@pytest.mark.parametrize("bounds", ["split-range=9-3", "split-range=a-b"])
def test_splits_that_there_are_not(client, stage, bounds):
    """The code is that of a range of bytes, the status is not."""
    body = select(given=csv(f"<Range>{bounds}</Range>"))
    refusal = calls.refusal(client.send, "POST", stage.bucket, "k", {"x-oss-process": "csv/select"}, {}, body)
    assert (refusal.status, refusal.code, refusal.ec) == (400, "InvalidRange", "0016-00000817")


def test_without_a_key(client, stage):
    for process, body in (("csv/select", select()), ("csv/meta", META)):
        refusal = calls.refusal(
            client.anonymous().send, "POST", stage.bucket, "k", {"x-oss-process": process}, {}, body)
        assert refusal.differs("AccessDenied") == []


def request(sql, **given):
    given.setdefault("csv", oss_v2.models.CSVInput(file_header_info="Use"))
    return oss_v2.models.SelectRequest(
        expression=text(sql), input_serialization=oss_v2.models.InputSerialization(**given),
        output_serialization=oss_v2.models.OutputSerialization(enable_payload_crc=True),
    )


def test_the_second_sdk_selects(stage):
    client = sdk.OssV2("v4").client
    result = client.select_object(oss_v2.models.SelectObjectRequest(
        stage.bucket, "k", process="csv/select",
        select_request=request("select name from ossobject where age > 30"),
    ))
    assert (result.status_code, result.body.read()) == (206, b"Elen\n")
    meta = client.create_select_object_meta(oss_v2.models.CreateSelectObjectMetaRequest(
        stage.bucket, "k", process="csv/meta",
        select_meta_request=oss_v2.models.CSVMetaRequest(overwrite_if_exists=True),
    ))
    assert (meta.rows_count, meta.cols_count, meta.splits_count) == (3, 2, 1)


def test_data_that_is_not_what_the_request_says(client, stage):
    """Before there is any output the call is refused; the answer of a count is one frame, which tells it."""
    body = select("select s.name from ossobject s", given=LINES)
    refusal = calls.refusal(client.send, "POST", stage.bucket, "k", {"x-oss-process": "json/select"}, {}, body)
    assert refusal.differs("InvalidJsonData") == []
    second = sdk.OssV2("v4").client
    with pytest.raises(oss_v2.exceptions.DeserializationError, match="400.*InvalidJsonData"):
        second.create_select_object_meta(oss_v2.models.CreateSelectObjectMetaRequest(
            stage.bucket, "k", process="json/meta",
            select_meta_request=oss_v2.models.JSONMetaRequest(
                input_serialization=oss_v2.models.InputSerialization(json=oss_v2.models.JSONInput(type="LINES"))),
        ))


def test_data_at_fault_behind_output(stage):
    """The answer has begun by then: the last frame tells it."""
    stage.do("PutObject", key="half", body=b'{"name":"Lora"}\n{"name":}\n')
    result = sdk.OssV2("v4").client.select_object(oss_v2.models.SelectObjectRequest(
        stage.bucket, "half", process="json/select",
        select_request=request("select s.name from ossobject s", csv=None, json=oss_v2.models.JSONInput(type="LINES")),
    ))
    with pytest.raises(Exception, match="400.*InvalidJsonData"):
        result.body.read()


def test_ranges_of_bytes_that_are_not_taken(client, stage):
    for process, body in (("csv/select", select()), ("json/select", select(given="<JSON><Type>DOCUMENT</Type></JSON>")), ("csv/meta", META)):
        refusal = calls.refusal(
            client.send, "POST", stage.bucket, "k", {"x-oss-process": process}, {"Range": "bytes=0-1"}, body)
        assert refusal.differs("InvalidArgument", ec="0016-00000815") == []
