"""HTML to text, by selectolax. Runs in a guarded child."""

from __future__ import annotations

import base64
import re
from importlib.metadata import version
from typing import TYPE_CHECKING

from selectolax.lexbor import LexborHTMLParser

from extractor.document.cleaning import clean
from extractor.document.decoding import decode
from extractor.document.parts import Parts
from extractor.document.tables import Grid, span, table_lines

if TYPE_CHECKING:
    from selectolax.lexbor import LexborNode

    from extractor.records import Json, JsonObject

CONVERTER = f"selectolax {version('selectolax')}"
#: What a reader never sees.
UNSEEN = ["script", "style", "noscript", "template"]
#: Elements that begin and end on lines of their own.
BLOCKS = (
    "address,article,aside,blockquote,body,caption,center,dd,details,dialog,div,dl,dt,fieldset,figcaption,figure,"
    "footer,form,h1,h2,h3,h4,h5,h6,header,hr,legend,li,main,menu,nav,ol,option,p,pre,section,summary,title,ul"
)
#: A line end of ours, told apart from the line ends of the source, which mean a space. `clean` removed all others.
LINE_END = "\x1e"
#: A space of preformatted text or between cells, which stays.
SPACE = "\x1f"
AS_TYPED = str.maketrans({"\n": LINE_END, " ": SPACE})
#: Where a page names its encoding, and how far in that is looked for.
CHARSET = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([\w-]+)", re.IGNORECASE)
CHARSET_WITHIN_BYTES = 4096
BLANKS = re.compile(r"[ \t\n\f\xa0]+")


def parse(argument: JsonObject) -> Json:
    """Return the page as one part; argument: `{"base64": str, "charset": str | null, "max_characters": int}`.

    Raises:
        UnreadableDocument: `file_too_large`.
    """
    content = base64.b64decode(argument["base64"])
    named = CHARSET.search(content[:CHARSET_WITHIN_BYTES])
    decoded = decode(content, stated=argument["charset"] or (named[1].decode() if named else None))
    parts = Parts(CONVERTER, max_characters=argument["max_characters"])
    for note in decoded.notes:
        parts.note(note.code, note.says)
    parts.add(_text(clean(decoded.text)))
    return parts.as_json()


def _text(markup: str) -> str:
    """Turn structure into line ends inside the tree, innermost tables first, then take the text of it all."""
    tree = LexborHTMLParser(markup)
    tree.strip_tags(UNSEEN)
    root = tree.root
    if root is None:
        return ""
    for node in root.css("br"):
        node.replace_with(LINE_END)
    for node in root.css("pre"):
        node.replace_with(LINE_END + node.text().translate(AS_TYPED) + LINE_END)
    for node in root.css(BLOCKS):
        node.insert_before(LINE_END)
        node.insert_after(LINE_END)
    for table in reversed(root.css("table")):
        lines = LINE_END.join(table_lines(_grid(table))).replace(" ", SPACE)
        table.replace_with(LINE_END + lines + LINE_END)
    return _lines(root.text()).replace(SPACE, " ")


def _lines(text: str) -> str:
    lines = (BLANKS.sub(" ", line).strip(" ") for line in text.split(LINE_END))
    return "\n".join(line for line in lines if line)


def _grid(table: LexborNode) -> Grid:
    """Return the cells of a table, each in its column, whatever spans what."""
    grid: Grid = []
    covered: dict[int, int] = {}  # column -> rows below that a cell above still covers
    for row in table.css("tr"):
        cells: list[str] = []
        for cell in row.css("td, th"):
            _skip_covered(cells, covered)
            columns, rows = span(cell.attributes.get("colspan")), span(cell.attributes.get("rowspan"))
            covered.update(dict.fromkeys(range(len(cells), len(cells) + columns), rows - 1))
            cells += [_lines(cell.text()), *[""] * (columns - 1)]
        _skip_covered(cells, covered)
        grid.append(cells)
    caption = [[_lines(node.text())] for node in table.css("caption")]
    return caption + grid


def _skip_covered(cells: list[str], covered: dict[int, int]) -> None:
    while covered.get(len(cells), 0) > 0:
        covered[len(cells)] -= 1
        cells.append("")
