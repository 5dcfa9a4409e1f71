"""SelectObject and its meta through oss2, which parses the frames and checks their CRC-32."""

import gzip

import oss2
import pytest

import sdk

PEOPLE = b"name,school,age\r\nLora,A,27\r\nElen,\"B, b\",43\r\nRosie,C,44\r\n"


@pytest.fixture
def select(bucket):
    client = sdk.Oss2("v4")._bucket(bucket)

    def run(data, sql, **params):
        client.put_object("k", data)
        params.setdefault("EnablePayloadCrc", True)
        result = client.select_object("k", sql, select_params=params)
        assert result.status == 206
        return result.read()

    run.client = client
    return run


def test_csv(select):
    for sql, params, wanted in [
        ("select name from ossobject where age > 30", {"CsvHeaderInfo": "Use"}, b"Elen\nRosie\n"),
        ("select name, school from ossobject where school like 'B%'", {"CsvHeaderInfo": "Use"}, b'Elen,"B, b"\n'),
        ("select count(*), avg(cast(_3 as int)), max(cast(_3 as int)) from ossobject", {"CsvHeaderInfo": "Ignore"}, b"3,38,44\n"),
        ("select _1 from ossobject limit 1", {"CsvHeaderInfo": "None", "OutputRawData": True}, b"name\n"),
        ("select _1 from ossobject", {"CsvHeaderInfo": "None", "LineRange": (1, 2)}, b"Lora\nElen\n"),
        ("select _1 from ossobject", {"SplitRange": (0, 0), "CsvHeaderInfo": "Ignore"}, b"Lora\nElen\nRosie\n"),
        ("select _3, _1 from ossobject limit 1", {"KeepAllColumns": True, "CsvHeaderInfo": "Ignore"}, b"Lora,,27\n"),
        ("select _1, _3 from ossobject limit 1", {"OutputFieldDelimiter": "|", "OutputRecordDelimiter": "\r\n"}, b"name|age\r\n"),
        ("select age from ossobject limit 1", {"CsvHeaderInfo": "Use", "OutputHeader": True}, b"age\n27\n"),
        ("select * from ossobject where (_1 || _2) = 'LoraA'", {"RecordDelimiter": "\r\n"}, b"Lora,A,27\n"),
    ]:
        assert select(PEOPLE, sql, **params) == wanted, sql
    assert select(gzip.compress(PEOPLE), "select _1 from ossobject where _3 = 27", CompressionType="GZIP") == b"Lora\n"


def test_json(select):
    document = b'{"contacts":[{"key1":1,"key2":"hello world1"},{"key1":2,"key2":"hello world2"}]}'
    wanted = b'{"key2":"hello world1"}\n'
    assert select(document, "select s.key2 from ossobject.contacts[*] s where s.key1 = 1", Json_Type="DOCUMENT") == wanted
    lines = b'{"key1":1,"key2":"hello world1"}\n{"key1":2}'
    assert select(lines, "select s.key2 from ossobject s where s.key1 = 1", Json_Type="LINES") == wanted
    assert select(lines, "select key2 from ossobject", Json_Type="LINES") == wanted + b"{}\n"


def test_progress_reaches_the_size_of_the_object(select):
    seen = []
    select.client.put_object("k", PEOPLE)
    result = select.client.select_object("k", "select count(*) from ossobject", progress_callback=lambda at, _: seen.append(at))
    assert result.read() == b"4\n" and seen[-1] == len(PEOPLE)


def test_meta(select):
    select.client.put_object("k", PEOPLE)
    meta = select.client.create_select_object_meta("k", {"RecordDelimiter": "\r\n", "OverwriteIfExists": True})
    assert (meta.rows, meta.splits, meta.select_resp.columns) == (4, 1, 3)
    select.client.put_object("k", b'{"a":1}\n{"a":2}\n{\n"a":3}')
    assert select.client.create_select_object_meta("k", {"Json_Type": "LINES"}).rows == 3


def test_refusals(select):
    select.client.put_object("k", PEOPLE)
    for sql in (
        "", "select * from ossobject where avg(cast(_3 as int)) > 1", "select _1 || _2 from ossobject", "select * from ossobject group by _1",
        "select * from ossobject o join s3object s on o._1 = s._1", "select nobody from ossobject",
    ):
        with pytest.raises(oss2.exceptions.ServerError) as refused:
            select.client.select_object("k", sql)
        assert (refused.value.status, refused.value.code) == (400, "InvalidSqlParameter"), sql
    with pytest.raises(oss2.exceptions.SelectOperationFailed) as failed:
        select(b'a,b\n"no end\n', "select _1 from ossobject")
    assert failed.value.status == 400 and failed.value.code == b"InvalidCsvLine"


def test_data_at_fault_before_any_output(select):
    """The call itself fails, as there is no result to read."""
    for data, sql, params, code in [
        (b'"no end\n', "select _1 from ossobject", {}, "InvalidCsvLine"),
        (PEOPLE, "select height from ossobject", {"CsvHeaderInfo": "Use"}, "InvalidSqlParameter"),
        (PEOPLE, "select _1 from ossobject", {"CompressionType": "GZIP"}, "DecompressFailure"),
        (PEOPLE, "select _1 from ossobject.objects[*]", {"Json_Type": "DOCUMENT"}, "InvalidJsonData"),
    ]:
        select.client.put_object("k", data)
        with pytest.raises(oss2.exceptions.ServerError) as failed:
            select.client.select_object("k", sql, select_params=params)
        assert (failed.value.status, failed.value.code) == (400, code)


def test_ranges_of_bytes(select):
    client = select.client
    client.put_object("k", PEOPLE)
    second = PEOPLE.index(b"Elen")
    for first, last, header, wanted in [
        (0, 1, "None", b"name\n"),
        (1, second, "None", b"Lora\nElen\n"),
        (second, None, "Use", b"Elen\nRosie\n"),
        (second + 1, len(PEOPLE), "Ignore", b"Rosie\n"),
    ]:
        params = {"AllowQuotedRecordDelimiter": False, "CsvHeaderInfo": header, "EnablePayloadCrc": True}
        result = client.select_object("k", "select _1 from ossobject", select_params=params, byte_range=(first, last))
        assert (result.status, result.read()) == (206, wanted), (first, last)
    with pytest.raises(oss2.exceptions.ServerError) as refused:
        client.select_object(
            "k", "select _1 from ossobject", select_params={"AllowQuotedRecordDelimiter": False}, byte_range=(None, 3))
    assert (refused.value.status, refused.value.code) == (400, "InvalidArgument")


def test_doubles_are_those_that_python_calculates(select):
    values = [15.4, 14.8, 0.1, 0.2, 81.8, 33.3, 1e-7]
    sql = "select avg(cast(_1 as double)), max(cast(_1 as double)), sum(cast(_1 as double)) from ossobject"
    told = select("\n".join(map(str, values)).encode(), sql)
    total = 0.0
    for value in values:
        total += value
    assert list(map(float, told.split(b","))) == [total / len(values), max(values), total]
