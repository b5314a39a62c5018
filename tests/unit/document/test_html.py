from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from extractor.document import html
from extractor.errors import UnreadableDocument

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture
def text_of(argument: Callable[..., dict[str, Any]]) -> Callable[[str], str]:
    def text_of(markup: str) -> str:
        (page,) = html.parse(argument(markup.encode()))["pages"]
        return page

    return text_of


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        pytest.param("<h1>Title</h1><p>One\n two</p><p>three", "Title\nOne two\nthree", id="blocks stand on lines"),
        pytest.param("a <b>bold</b><i>er</i> word", "a bolder word", id="inline elements do not"),
        pytest.param("one<br>two<br/><br>three", "one\ntwo\nthree", id="line breaks"),
        pytest.param("&euro;&nbsp;5 &amp; &#x3a9; &eacute;", "€ 5 & Ω é", id="entities"),
        pytest.param("<ul><li>a<li>b<ul><li>c</ul></ul>", "a\nb\nc", id="lists"),
        pytest.param("<body><script>x</script><style>y</style>a", "a", id="scripts and styles"),
        pytest.param("<body><noscript>x</noscript><template>y</template>a", "a", id="what a browser does not show"),
        pytest.param("<nav>menu</nav><footer>Acme, 1 Road</footer>", "menu\nAcme, 1 Road", id="footer is kept"),
        pytest.param("a<!-- hidden -->b", "ab", id="comments"),
        pytest.param("<pre>Item    Price\nPen        2</pre>", "Item    Price\nPen        2", id="preformatted"),
        pytest.param("<dl><dt>Total<dd>5</dl>", "Total\n5", id="definitions"),
        pytest.param("<title>Bill 7</title><p>Due", "Bill 7\nDue", id="title"),
        pytest.param("just words", "just words", id="no markup"),
        pytest.param("<p>unclosed <b>and <i>mis</b>nested</i>", "unclosed and misnested", id="broken markup"),
    ],
)
def test_a_page_reads_as_it_is_seen(markup: str, text: str, text_of: Callable[[str], str]):
    assert text_of(markup) == text


def test_a_table_becomes_rows(text_of: Callable[[str], str]):
    markup = "<table><caption>Prices</caption><tr><th>Item<th>Price<tr><td>Pen<td><tr><td><p>Ink</p>blue<td>2</table>"

    assert text_of(markup).split("\n") == ["Prices |", "Item | Price", "Pen |", "Ink blue | 2"]


def test_a_cell_stays_in_its_column_under_spans(text_of: Callable[[str], str]):
    markup = """<table>
      <tr><th rowspan=2>Region<th colspan=2>Sales<th>Note
      <tr><th>2023<th>2024<th>
      <tr><td rowspan=2>North<td>1<td>2<td>
      <tr><td>3<td>4<td>late
    </table>"""

    assert text_of(markup).split("\n") == [
        "Region | Sales |  | Note",
        " | 2023 | 2024 |",
        "North | 1 | 2 |",
        " | 3 | 4 | late",
    ]


def test_a_table_inside_a_table_is_read_once(text_of: Callable[[str], str]):
    inner = "".join(f"<tr><td>{name}<td>{value}" for name, value in zip("abcd", "1234", strict=True))

    text = text_of(f"<table><tr><td><h2>Left</h2><td><table>{inner}</table></table>")

    assert text.split("\n") == ["Left", "a | 1", "b | 2", "c | 3", "d | 4"]


@pytest.mark.parametrize(
    ("head", "encoding"),
    [
        ('<meta charset="windows-1250">', "cp1250"),
        ('<meta http-equiv=Content-Type content="text/html; charset=iso-8859-2">', "iso-8859-2"),
        ("", "utf-8"),
        ("", "utf-16"),
    ],
)
def test_a_page_names_its_encoding(head: str, encoding: str, argument: Callable[..., dict[str, Any]]):
    reply = html.parse(argument(f"{head}<p>Łódź".encode(encoding)))

    assert reply["pages"] == ["Łódź"]
    assert reply["notes"] == []


def test_an_encoding_that_was_guessed_is_noted(argument: Callable[..., dict[str, Any]]):
    reply = html.parse(argument("<p>Müller".encode("cp1252")))

    assert reply["pages"] == ["Müller"]
    assert [code for code, _ in reply["notes"]] == ["encoding_guessed"]


def test_a_page_with_too_much_text_is_refused(argument: Callable[..., dict[str, Any]]):
    with pytest.raises(UnreadableDocument) as caught:
        html.parse(argument(b"<p>twelve chars", max_characters=11))

    assert caught.value.code == "file_too_large"


def test_the_converter_is_named_with_its_version(argument: Callable[..., dict[str, Any]]):
    assert html.parse(argument(b"<p>a"))["converter"].startswith("selectolax 1.")
