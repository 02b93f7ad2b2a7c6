"""Is a page sent smaller to whoever asks for it, and never to whoever was led to it?"""

import pytest

from tests.network import Network


@pytest.mark.parametrize(
    ("site", "expected"),
    [("same-origin", "gzip"), ("none", "gzip"), ("same-site", None), ("cross-site", None), (None, None)],
)
def test_a_page_is_sent_smaller_where_no_other_site_has_led_to_it(
    network: Network, site: str | None, expected: str | None
) -> None:
    """The size of a page that another site can ask for again and again would tell what is in it."""
    headers = {"Accept-Encoding": "gzip"} | ({"Sec-Fetch-Site": site} if site else {})
    answer = network.client.get("/aanmelden", headers=headers)

    assert answer.headers.get("Content-Encoding") == expected
    assert "Dit is een demonstratie" in answer.text


def test_what_is_small_already_is_left_as_it_is(network: Network) -> None:
    """Style is compressed beforehand, and better."""
    style = network.service.portal.assets.url("weerbaar.css")
    answer = network.client.get(style, headers={"Accept-Encoding": "gzip, br", "Sec-Fetch-Site": "same-origin"})

    assert answer.headers["Content-Encoding"] == "br"
