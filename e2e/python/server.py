"""The server under test: its addresses, its root key, its clock. Set by the runner, see e2e/README.md."""

import json
import os
import pathlib

ENDPOINT = os.environ["FOSSE_E2E_ENDPOINT"]
ENDPOINT_V6 = os.environ["FOSSE_E2E_ENDPOINT_V6"]
LOCALHOST = os.environ["FOSSE_E2E_LOCALHOST"]
PORT = int(os.environ["FOSSE_E2E_PORT"])
TLS = os.environ["FOSSE_E2E_TLS"]
CA = os.environ["FOSSE_E2E_CA"]
ADMIN = os.environ["FOSSE_E2E_ADMIN"]
DOMAIN = os.environ["FOSSE_E2E_DOMAIN"]
REGION = os.environ["FOSSE_E2E_REGION"]
KEY_ID = os.environ["FOSSE_E2E_ACCESS_KEY_ID"]
KEY_SECRET = os.environ["FOSSE_E2E_ACCESS_KEY_SECRET"]
CLOCK = pathlib.Path(os.environ["FOSSE_E2E_CLOCK"])
CASES = pathlib.Path(os.environ["FOSSE_E2E_CASES"])


def set_clock(offset):
    """Puts the server's clock `offset` seconds ahead. Replaces the file, so that no read sees half of it."""
    new = CLOCK.with_suffix(".new")
    new.write_text(f"{int(offset)}\n")
    new.replace(CLOCK)


def keys():
    """The shared object keys, by name."""
    cases = json.loads((CASES / "keys.json").read_text(encoding="utf-8"))["keys"]
    return {case["name"]: case.get("key") or case["repeat"] * case["times"] for case in cases}
