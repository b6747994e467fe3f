from __future__ import annotations

import contextlib
import dataclasses
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s3sql.server.running.configuration import Configuration, ConfigurationError, configure, from_environment
from s3sql.server.running.options import OPTIONS
from s3sql.server.settings import Credentials, Key, Limits, Logs, Settings, Upstream

KEYS = {"S3SQL_ACCESS_KEY": "AKIDEXAMPLE", "S3SQL_SECRET_KEY": "hush-hush"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir()
    return folder


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "s3sql.toml"


def told(arguments: dict[str, str | None], environment: dict[str, str] | None = None) -> Settings:
    return configure(arguments, {**KEYS, **(environment or {})}).settings


def fault(arguments: dict[str, str | None], environment: dict[str, str] | None = None) -> str:
    with pytest.raises(ConfigurationError) as caught:
        configure(arguments, environment or {})
    message = str(caught.value)
    assert "hush-hush" not in message
    return message


def fault_of_file(file: Path, text: str, folder: Path | None = None) -> str:
    file.write_text(text, encoding="utf-8")
    arguments = {"config": str(file), "dir": None if folder is None else str(folder)}
    message = fault(arguments)
    assert message.startswith(str(file)) or folder is not None
    return message


# Where options come from


def test_a_folder_is_enough(folder: Path) -> None:
    configuration = configure({"dir": str(folder)}, {})
    assert configuration.generated is not None
    assert configuration.settings == Settings((Key(configuration.generated),), folder)
    access_key, secret_key = configuration.generated.access_key, configuration.generated.secret_key
    assert (len(access_key), len(secret_key)) == (20, 40)
    assert access_key.isalnum()
    assert secret_key.isalnum()
    again = configure({"dir": str(folder)}, {}).generated
    assert again is not None
    assert again.secret_key != secret_key


def test_the_command_line_is_before_the_environment_and_that_before_the_file(
    folder: Path, file: Path
) -> None:
    file.write_text('port = 1\nhost = "a"\nregion = "a"\n[limits]\nmax_selects = 1\nmax_headers = 1\n')
    settings = told(
        {"dir": str(folder), "config": str(file), "port": "3", "max_selects": "3"},
        {"S3SQL_PORT": "2", "S3SQL_HOST": "b", "S3SQL_MAX_SELECTS": "2"},
    )
    assert (settings.port, settings.host, settings.region) == (3, "b", "a")
    assert (settings.limits.selects, settings.limits.headers) == (3, 1)


def test_an_empty_variable_says_nothing(folder: Path) -> None:
    environment = {"S3SQL_PORT": "", "S3SQL_CONFIG": "", "S3SQL_UPSTREAM": ""}
    assert told({"dir": str(folder)}, environment).port == 9000


#: A value of every option, as text, as TOML, and what it makes of the settings.
VALUES: dict[str, tuple[str, str, dict[str, Any]]] = {
    "dir": (".", '"."', {}),
    "upstream": ("https://x:1/", '"https://x:1/"', {"upstream": Upstream("https://x:1")}),
    "host": ("::1", '"::1"', {"host": "::1"}),
    "port": ("0", "0", {"port": 0}),
    "access_key": ("KEY", '"KEY"', {"keys": (Key(Credentials("KEY", "hush-hush")),)}),
    "secret_key": ("s", '"s"', {"keys": (Key(Credentials("AKIDEXAMPLE", "s")),)}),
    "session_token": ("t", '"t"', {"keys": (Key(Credentials("AKIDEXAMPLE", "hush-hush", "t")),)}),
    "region": ("eu-1", '"eu-1"', {"region": "eu-1"}),
    "domain": ("S3.x.org, y", '["s3.x.org", "y"]', {"domains": ("s3.x.org", "y")}),
    "account": ("012345678901", '"012345678901"', {"account": "012345678901"}),
    "allow_anonymous": ("select", '"select"', {"anonymous": "select"}),
    "tls_cert": ("/c", '"/c"', {"tls_certificate": Path("/c"), "tls_key": Path("/k")}),
    "tls_key": ("/k", '"/k"', {"tls_certificate": Path("/c"), "tls_key": Path("/k")}),
    "trusted_proxies": (
        "10.0.0.0/8,::1",
        '["10.0.0.0/8", "::1"]',
        {"trusted_proxies": ("10.0.0.0/8", "::1")},
    ),
    "state_dir": ("/s", '"/s"', {"state_directory": Path("/s")}),
    "metrics_token": ("m", '"m"', {"metrics_token": "m"}),
    "upstream_region": ("eu-1", '"eu-1"', {"upstream": Upstream("http://u", "eu-1")}),
    "upstream_access_key": (
        "UKEY",
        '"UKEY"',
        {"upstream": Upstream("http://u", credentials=Credentials("UKEY", "us"))},
    ),
    "upstream_secret_key": (
        "us",
        '"us"',
        {"upstream": Upstream("http://u", credentials=Credentials("UKEY", "us"))},
    ),
    "upstream_session_token": (
        "ut",
        '"ut"',
        {"upstream": Upstream("http://u", credentials=Credentials("UKEY", "us", "ut"))},
    ),
    "access_log": ("off", '"off"', {"logs": Logs(access="off")}),
    "log_format": ("json", '"json"', {"logs": Logs(format="json")}),
    "log_level": ("debug", '"debug"', {"logs": Logs(level="debug")}),
    "max_selects": ("7", "7", {"limits": Limits(selects=7)}),
    "max_waiting_selects": ("0", "0", {"limits": Limits(waiting_selects=0)}),
    "select_wait": ("0.5", "0.5", {"limits": Limits(select_wait=0.5)}),
    "query_time": ("60", "60", {"limits": Limits(query_time=60.0)}),
    "max_header_bytes": ("5000", "5000", {"limits": Limits(header_bytes=5000)}),
    "max_headers": ("7", "7", {"limits": Limits(headers=7)}),
    "header_time": ("1.5", "1.5", {"limits": Limits(header_time=1.5)}),
    "body_time": ("7", "7", {"limits": Limits(body_time=7.0)}),
    "max_object_bytes": ("7", "7", {"limits": Limits(object_bytes=7)}),
    "max_connections": ("7", "7", {"limits": Limits(connections=7)}),
    "keep_alive_time": ("7", "7", {"limits": Limits(keep_alive_time=7.0)}),
    "shutdown_time": ("7", "7", {"limits": Limits(shutdown_time=7.0)}),
}
#: What an option needs beside it.
BESIDE: dict[str, dict[str, str]] = {
    "tls_cert": {"tls_key": "/k"},
    "tls_key": {"tls_cert": "/c"},
    "upstream_region": {"upstream": "http://u"},
    "upstream_access_key": {"upstream": "http://u", "upstream_secret_key": "us"},
    "upstream_secret_key": {"upstream": "http://u", "upstream_access_key": "UKEY"},
    "upstream_session_token": {
        "upstream": "http://u",
        "upstream_access_key": "UKEY",
        "upstream_secret_key": "us",
    },
}


@pytest.mark.parametrize("name", [option.name for option in OPTIONS])
@pytest.mark.parametrize("place", ["arguments", "environment", "file"])
def test_every_option_from_everywhere(
    name: str, place: str, folder: Path, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    option = next(option for option in OPTIONS if option.name == name)
    text, toml, changes = VALUES[name]
    arguments: dict[str, str | None] = {**BESIDE.get(name, {})}
    environment = dict(KEYS)
    if not name.startswith("upstream") and name != "dir":
        arguments["dir"] = str(folder)
    if place == "arguments":
        arguments[name] = text
    elif place == "environment":
        environment[option.variable] = text
    else:
        environment.pop(option.variable, None)
        inside = folder / "s3sql.toml"
        inside.write_text(f"{'[limits]' if option.group == 'limits' else ''}\n{name} = {toml}\n")
        arguments["config"] = str(inside)
    settings = configure(arguments, environment).settings
    if name == "dir":
        assert settings.directory is not None
        assert settings.directory.resolve() == folder
        return
    directory = None if name.startswith("upstream") else folder
    expected = {"keys": (Key(Credentials("AKIDEXAMPLE", "hush-hush")),), "directory": directory, **changes}
    assert settings == Settings(**expected)


def test_every_limit_can_be_told() -> None:
    told_limits = [changes["limits"] for _, _, changes in VALUES.values() if "limits" in changes]
    changed = {
        member.name
        for member in dataclasses.fields(Limits)
        for limits in told_limits
        if getattr(limits, member.name) != getattr(Limits(), member.name)
    }
    assert changed == {member.name for member in dataclasses.fields(Limits)}


def test_a_path_in_a_file_begins_where_the_file_is(folder: Path, file: Path) -> None:
    file.write_text(
        'dir = "data"\nstate_dir = "jobs"\naccess_log = "access.log"\ntls_cert = "c"\ntls_key = "/k"\n'
    )
    settings = told({"config": str(file)})
    assert settings.directory == folder
    assert settings.state_directory == file.parent / "jobs"
    assert settings.logs.access == str(file.parent / "access.log")
    assert (settings.tls_certificate, settings.tls_key) == (file.parent / "c", Path("/k"))
    file.write_text('dir = "data"\naccess_log = "-"\n')
    assert told({"config": str(file)}).logs.access == "-"


def test_no_domain_and_no_proxy(folder: Path) -> None:
    settings = told({"dir": str(folder), "domain": "", "trusted_proxies": ""})
    assert (settings.domains, settings.trusted_proxies) == ((), ())
    assert told({"dir": str(folder), "trusted_proxies": "*"}).trusted_proxies == ("*",)


# Values that are none

WRONG = {
    "dir": ["", "a\0b"],
    "upstream": [
        "x",
        "ftp://x",
        "http://",
        "http://x/path",
        "http://x?y",
        "http://x#y",
        "http://u:hush-hush@x",
        "http://x:99999",
        "http://a b",
    ],
    "host": ["", "a b", "http://x"],
    "port": ["", "x", "-1", "65536", "80.0", " 80", "tcp://10.0.0.1:9000", "8_0", "٣"],
    "access_key": ["", "ab", "a/b/c", "a b c", "x" * 129, "schlüssel"],
    "secret_key": ["", "hush-hush ", "a\nb", "ü"],
    "session_token": ["", "a b"],
    "region": ["", "US EAST", "us/east"],
    "domain": ["10.0.0.1", "a..b", "-a", "a b", "a,,b", "https://x", "x:9000"],
    "account": ["", "1", "1234567890123", "12345678901x"],
    "allow_anonymous": ["", "yes", "READ", "true"],
    "tls_cert": [""],
    "tls_key": [""],
    "trusted_proxies": ["x", "10.0.0.1/8", "*,10.0.0.1", "10.0.0.0/33"],
    "state_dir": [""],
    "metrics_token": ["", "a b"],
    "access_log": [""],
    "log_format": ["", "xml"],
    "log_level": ["", "DEBUG", "trace"],
    "max_waiting_selects": ["", "-1", "x", "1.5"],
    "max_header_bytes": ["", "4095", "x"],
    "upstream_region": ["", "a b"],
    "upstream_access_key": ["", "a b"],
    "upstream_secret_key": ["", "a b"],
    "upstream_session_token": ["", "a b"],
}
for _name in ("max_selects", "max_headers", "max_object_bytes", "max_connections"):
    WRONG[_name] = ["", "0", "-1", "x", "1.5", "1e3"]
for _name in ("select_wait", "query_time", "header_time", "body_time", "keep_alive_time", "shutdown_time"):
    WRONG[_name] = ["", "0", "-1", "x", "nan", "inf", "1h"]


def test_every_option_can_be_wrong() -> None:
    assert set(WRONG) == {option.name for option in OPTIONS}


@pytest.mark.parametrize(("name", "text"), [(name, text) for name, texts in WRONG.items() for text in texts])
def test_a_wrong_value_is_named_with_its_place(name: str, text: str, folder: Path) -> None:
    option = next(option for option in OPTIONS if option.name == name)
    base: dict[str, str | None] = {} if name in ("dir", "upstream") else {"dir": str(folder)}
    message = fault({**base, name: text})
    assert option.flag in message.partition(": ")[0]
    if option.secret:
        assert text.strip() == "" or text not in message
    if text:
        message = fault({**base}, {option.variable: text})
        assert message.startswith(f"variable {option.variable}: ")


@pytest.mark.parametrize("option", OPTIONS, ids=lambda option: option.name)
@pytest.mark.parametrize("value", ["true", "1979-05-27", '{ a = "b" }', "[1]"])
def test_a_wrong_type_in_a_file(option: Any, value: str, folder: Path, file: Path) -> None:
    table = "[limits]\n" if option.group == "limits" else ""
    message = fault_of_file(file, f"{table}{option.name} = {value}\n", folder)
    assert f", {option.name}: has to be a" in message


@pytest.mark.parametrize(
    ("toml", "message"),
    [
        ("port = '9000'", ", port: has to be a whole number"),
        ("port = 9000.0", ", port: has to be a whole number"),
        ("account = 123456789012", ", account: has to be a string"),
        ("domain = ['a,b']", ", domain: a comma cannot be in an element"),
        ("secret_key = 'hush-hush \\t'", ", secret_key: the value is not a text of visible ASCII"),
        ("prot = 9000", ": prot is not known; did you mean port?"),
        ("max_selects = 3", ": max_selects is not known there; it belongs to [limits]"),
        ("config = 'x'", ": config is not known"),
        ("limits = 3", ": limits has to be a table: write [limits]"),
        ("[limits]\nport = 3", ", [limits]: port is not known there; it stands at the top of the file"),
        ("[limits]\nmax_select = 3", ", [limits]: max_select is not known; did you mean max_selects?"),
        ("[upstream]\nurl = 'x'", ", upstream: has to be a string"),
        ("port = ", ": is no TOML: "),
        ("port = 1\nport = 2", ": is no TOML: "),
    ],
)
def test_what_is_wrong_in_a_file(toml: str, message: str, folder: Path, file: Path) -> None:
    assert fault_of_file(file, toml, folder).startswith(f"{file}{message}")


def test_files_that_are_none(tmp_path: Path) -> None:
    assert (
        fault({"config": str(tmp_path / "x.toml")})
        == f"{tmp_path}/x.toml: cannot be read: No such file or directory"
    )
    assert "Is a directory" in fault({"config": str(tmp_path)})
    (tmp_path / "y.toml").write_bytes(b"host = '\xff'")
    assert (
        fault({}, {"S3SQL_CONFIG": str(tmp_path / "y.toml")})
        == f"{tmp_path}/y.toml: is not UTF-8, so it is no TOML"
    )


def test_unknown_variables(folder: Path) -> None:
    message = fault({"dir": str(folder)}, {"S3SQL_ACESS_KEY": "hush-hush"})
    assert message == "variable S3SQL_ACESS_KEY is not known; did you mean S3SQL_ACCESS_KEY?"
    others = {"S3SQL_CACHE_DIR": "x", "S3SQL_WORKERS": "2", "S3SQL_EXTENSIONS": "my_formats", "PORT": "x"}
    others |= {"S3SQL_HISTORY": "x", "S3SQL_HYPOTHESIS_PROFILE": "long"}
    assert told({"dir": str(folder)}, others).directory == folder


def test_kubernetes_has_a_variable_of_the_same_name(folder: Path) -> None:
    message = fault({"dir": str(folder)}, {"S3SQL_PORT": "tcp://10.0.0.1:9000"})
    assert message.endswith("Kubernetes sets it for a Service of this name: use enableServiceLinks: false")


@given(
    st.dictionaries(st.sampled_from([option.name for option in OPTIONS]), st.text(max_size=30), max_size=4)
)
def test_no_text_is_more_than_a_wrong_value(arguments: dict[str, str]) -> None:
    with contextlib.suppress(ConfigurationError):
        assert isinstance(configure(arguments, {}), Configuration)


# Options that need, or exclude, each other


@pytest.mark.parametrize(
    ("arguments", "environment", "message"),
    [
        (
            {},
            {},
            "nothing to serve: name a folder whose sub-folders are the buckets (. is this), or an upstream",
        ),
        (
            {"dir": "."},
            {"S3SQL_UPSTREAM": "http://x"},
            "a folder (DIR) and an upstream (variable S3SQL_UPSTREAM) exclude each other; give one",
        ),
        ({"dir": "/nowhere"}, {}, "DIR: '/nowhere' is no folder"),
        ({}, {"S3SQL_DIR": "/dev/null"}, "variable S3SQL_DIR: '/dev/null' is no folder"),
        ({"dir": ".", "access_key": "KEY"}, {}, "option --access-key: is nothing without secret_key"),
        ({"dir": "."}, {"S3SQL_SECRET_KEY": "x"}, "variable S3SQL_SECRET_KEY: is nothing without access_key"),
        (
            {"dir": ".", "session_token": "x"},
            {},
            "option --session-token: is nothing without access_key and secret_key",
        ),
        ({"dir": ".", "tls_cert": "x"}, {}, "option --tls-cert: is nothing without tls_key"),
        ({"dir": ".", "tls_key": "x"}, {}, "option --tls-key: is nothing without tls_cert"),
        (
            {"upstream": "http://x", "upstream_access_key": "KEY"},
            {},
            "option --upstream-access-key: is nothing without upstream_secret_key",
        ),
        ({"dir": ".", "upstream_region": "x"}, {}, "option --upstream-region: is nothing without upstream"),
    ],
)
def test_combinations_that_are_none(
    arguments: dict[str, str | None], environment: dict[str, str], message: str
) -> None:
    assert fault(arguments, environment) == message


def test_a_key_and_its_secret_may_come_from_different_places(folder: Path) -> None:
    settings = configure({"dir": str(folder), "access_key": "KEY"}, {"S3SQL_SECRET_KEY": "x"}).settings
    assert settings.keys == (Key(Credentials("KEY", "x")),)


# Keys of a file

READER = '[[keys]]\naccess_key = "READER"\nsecret_key = "hush-hush"\n'


def test_keys_of_a_file(folder: Path, file: Path) -> None:
    file.write_text(
        f"""
        upstream = "http://u"
        {READER}
        session_token = "t"
        expires = 2027-01-01T00:00:00+01:00
        buckets = {{ "logs-*" = "read", "a[bc].d?" = "readwrite", "in" = "write" }}
        [keys.upstream]
        access_key = "UKEY"
        secret_key = "us"
        [[keys]]
        access_key = "OTHER"
        secret_key = "x"
        expires = "2027-01-01T00:00:00Z"
        """
    )
    own, reader, other = told({"config": str(file)}).keys
    assert own.access_key == "AKIDEXAMPLE"
    assert reader == Key(
        Credentials("READER", "hush-hush", "t"),
        {"logs-*": "read", "a[bc].d?": "readwrite", "in": "write"},
        datetime(2026, 12, 31, 23, tzinfo=UTC),
        Credentials("UKEY", "us"),
    )
    assert other == Key(Credentials("OTHER", "x"), expires=datetime(2027, 1, 1, tzinfo=UTC))


def test_with_keys_of_a_file_none_is_made(folder: Path, file: Path) -> None:
    file.write_text(READER)
    configuration = configure({"dir": str(folder), "config": str(file)}, {})
    assert configuration.generated is None
    assert [key.access_key for key in configuration.settings.keys] == ["READER"]


@pytest.mark.parametrize(
    ("toml", "message"),
    [
        ("keys = 3", ": keys has to be a list of tables: write [[keys]] before each key"),
        ("[keys]\naccess_key = 'x'", ": keys has to be a list of tables"),
        ("keys = ['x']", ": keys has to be a list of tables"),
        ("[[keys]]", ", [[keys]] number 1: has no access_key"),
        ("[[keys]]\naccess_key = 'KEY'", ", [[keys]] number 1: has no secret_key"),
        (
            "[[keys]]\naccess_key = 'a/b'\nsecret_key = 'x'",
            ", [[keys]] number 1, access_key: 'a/b' is no access key",
        ),
        (
            "[[keys]]\naccess_key = 7\nsecret_key = 'x'",
            ", [[keys]] number 1, access_key: '7' is no access key",
        ),
        ("[[keys]]\naccess_key = 'KEY'\nsecret_key = 7", ", [[keys]] number 1, secret_key: the value is not"),
        (READER + "session_token = ''", ", [[keys]] number 1, session_token: the value is not"),
        (READER + "bucket = 'x'", ", [[keys]] number 1: bucket is not known; there are access_key, "),
        (
            READER + "expires = 2027-01-01T00:00:00",
            " (READER), expires: '2027-01-01 00:00:00' is no time with",
        ),
        (READER + "expires = 2027-01-01", " (READER), expires: '2027-01-01' is no time with an offset"),
        (READER + "expires = 'tomorrow'", " (READER), expires: 'tomorrow' is no time with an offset"),
        (READER + "buckets = ['x']", ' (READER), buckets: has to be a table, as { "logs-*" = "read" }'),
        (READER + "buckets = {}", " (READER), buckets: allows nothing; leave it out to allow everything"),
        (
            READER + "buckets = { x = 'rw' }",
            " (READER), buckets, 'x': 'rw' is none of read, write, readwrite",
        ),
        (READER + "buckets = { x = ['read'] }", " (READER), buckets, 'x': ['read'] is none of read, write"),
        (READER + "buckets = { 'logs/*' = 'read' }", " (READER), buckets: 'logs/*' matches no bucket"),
        (READER + "buckets = { Logs = 'read' }", " (READER), buckets: 'Logs' matches no bucket"),
        (READER + "buckets = { 'a[b' = 'read' }", " (READER), buckets: 'a[b' matches no bucket"),
        (READER + "buckets = { '' = 'read' }", " (READER), buckets: '' matches no bucket"),
        (READER + "upstream = 'x'", " (READER), [keys.upstream]: has to be a table"),
        (READER + "upstream = { access_key = 'UKEY' }", " (READER), [keys.upstream]: has no secret_key"),
        (READER + "upstream = { region = 'x' }", " (READER), [keys.upstream]: region is not known"),
    ],
)
def test_keys_that_are_none(toml: str, message: str, folder: Path, file: Path) -> None:
    found = fault_of_file(file, toml, folder)
    assert found.startswith((f"{file}{message}", f"{file}, [[keys]] number 1{message}"))


def test_a_key_twice(folder: Path, file: Path) -> None:
    assert fault_of_file(file, READER + READER, folder) == "the access key READER is given twice"
    file.write_text(READER)
    environment = {"S3SQL_ACCESS_KEY": "READER", "S3SQL_SECRET_KEY": "x"}
    assert "given twice" in fault({"dir": str(folder), "config": str(file)}, environment)


def test_credentials_for_an_upstream_that_is_not_there(folder: Path, file: Path) -> None:
    toml = READER + "upstream = { access_key = 'UKEY', secret_key = 'x' }"
    assert (
        fault_of_file(file, toml, folder)
        == "the key READER has credentials for an upstream, and there is none"
    )


# For other ASGI servers


def test_from_the_environment(folder: Path) -> None:
    settings = from_environment({"S3SQL_DIR": str(folder), **KEYS})
    assert settings == Settings((Key(Credentials("AKIDEXAMPLE", "hush-hush")),), folder)


def test_no_credentials_are_made_that_nobody_sees(folder: Path) -> None:
    with pytest.raises(ConfigurationError, match="no key is known"):
        from_environment({"S3SQL_DIR": str(folder)})
    settings = from_environment({"S3SQL_DIR": str(folder), "S3SQL_ALLOW_ANONYMOUS": "select"})
    assert settings == Settings((), folder, anonymous="select")


def test_the_environment_is_that_of_the_process(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {**KEYS, "S3SQL_DIR": str(folder), "S3SQL_PORT": "1"}.items():
        monkeypatch.setenv(name, value)
    assert from_environment().port == 1
