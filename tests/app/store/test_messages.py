"""Messages as rows of the store."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from app.store.messages import Received, _values


@given(
    st.dictionaries(st.text(max_size=8), st.text(max_size=20), max_size=6),
    st.lists(st.dictionaries(st.sampled_from(("gnum", "gname", '"')), st.text(max_size=20)), max_size=3),
)
def test_a_record_is_kept_as_json_that_says_the_same(fields: dict[str, str], lines: list[dict[str, str]]) -> None:
    (body,) = [value for value in _values(Received("CEB311", "G1", fields, lines)) if value.startswith('{"fields"')]
    assert body == json.dumps({"fields": fields, "lines": lines}, ensure_ascii=False, separators=(",", ":"))
