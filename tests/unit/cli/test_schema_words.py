"""The schema as it is named on a command line."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import pytest

from extractor.cli.schema_words import READY, load_target
from extractor.errors import InvalidSchema

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MODELS = """
from dataclasses import dataclass
from typing import TypedDict

from pydantic import BaseModel, RootModel

class Address(BaseModel):
    city: str

class Order(BaseModel):
    number: str
    to: "Address"

class Plain:
    number: str

@dataclass
class Line:
    number: str

class Part(TypedDict):
    number: str

RootModel[list[int]]
AMOUNT = 3
print("imported")
"""
CALLING = """
from collections.abc import Callable

from pydantic import BaseModel

class Job(BaseModel):
    name: str
    then: Callable[[], None]
"""
REFUSED = """
from pydantic import BaseModel

class Job(BaseModel):
    name: str
    then = 3
"""
HALF = """
from pydantic import BaseModel

__all__ = ["Broken", "Whole"]

class Whole(BaseModel):
    a: int

def __getattr__(name):
    raise (ImportError if name in __all__ else AttributeError)(name)
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A working folder with schemas in it; what is imported from it is forgotten afterwards."""
    (tmp_path / "models.py").write_text(MODELS)
    (tmp_path / "orders_of_a_test.py").write_text(MODELS)
    (tmp_path / "broken.py").write_text("from pydantic import BaseModel\n\nclass Order(BaseModel)\n")
    (tmp_path / "failing.py").write_text("\nraise ValueError('first\\nsecond')\n")
    (tmp_path / "leaving.py").write_text("import sys\nsys.exit(0)\n")
    (tmp_path / "wanting.py").write_text("import a_package_that_is_not_there\n")
    (tmp_path / "using.py").write_text("from orders_of_a_test import Order\n\nclass Rush(Order):\n    hours: int\n")
    (tmp_path / "empty.py").write_text("")
    (tmp_path / "calling.py").write_text(CALLING)
    (tmp_path / "refused.py").write_text(REFUSED)
    (tmp_path / "order.yaml").write_text("type: object")
    (tmp_path / "order").write_text("{}")
    (tmp_path / "forms.json").mkdir()
    (tmp_path / "half.py").write_text(HALF)
    order = {"title": "Order", "type": "object", "properties": {"number": {"type": "string"}}}
    (tmp_path / "order.json").write_text(json.dumps(order))
    (tmp_path / "v:1.json").write_text(json.dumps(order))
    monkeypatch.chdir(tmp_path)
    yield tmp_path
    for name, module in list(sys.modules.items()):
        if str(getattr(module, "__file__", "")).startswith(str(tmp_path)):
            del sys.modules[name]


@pytest.mark.parametrize(
    ("word", "name"),
    [
        pytest.param("models.py:Order", "Order", id="a file and a class"),
        pytest.param("./models.py:Address", "Address", id="a path and a class"),
        pytest.param("orders_of_a_test:Order", "Order", id="a module of the working folder"),
        pytest.param("using.py:Rush", "Rush", id="a file that imports its neighbour"),
        pytest.param("order.json", "Order", id="a JSON Schema"),
        pytest.param("v:1.json", "Order", id="a JSON Schema with a colon in its name"),
        pytest.param("schemas.invoice:Invoice", "Invoice", id="a dotted module"),
        pytest.param("invoice", "Invoice", id="a ready schema"),
    ],
)
def test_every_form_of_a_schema_becomes_a_target(word: str, name: str) -> None:
    assert load_target(word).name == name


@pytest.mark.parametrize("name", READY)
def test_every_ready_name_has_a_class(name: str) -> None:
    target = load_target(name)

    assert target.model_class is not None
    assert target.schema["properties"]


def test_a_ready_schema_is_ours_even_where_the_working_folder_has_a_module_of_that_name(folder: Path) -> None:
    (folder / "schemas.py").write_text("raise RuntimeError('not this one')")

    assert load_target("receipt").name == "Receipt"


def test_the_search_path_is_as_before_afterwards() -> None:
    before = list(sys.path)

    load_target("models.py:Order")
    load_target("orders_of_a_test:Order")

    assert sys.path == before


@pytest.mark.parametrize(
    ("word", "says"),
    [
        pytest.param("invoise", "no schema 'invoise'. Did you mean 'invoice'? --schema takes module:Class", id="typo"),
        pytest.param("letter", "There is no schema 'letter'. --schema takes module:Class, file.py:Class", id="other"),
        pytest.param("schemas:Bar", "Classes there: schemas:Contract, schemas:Invoice, schemas:Paper", id="lazy"),
        pytest.param("half.py:Broken", "'half.py:Broken' could not be imported: ImportError: Broken", id="broken"),
        pytest.param("half.py:Order", "Classes there: half.py:Whole.", id="lazy and broken"),
        pytest.param("gone.json", "There is no schema file 'gone.json'.", id="no JSON file"),
        pytest.param("gone.py:Order", "There is no file 'gone.py'.", id="no Python file"),
        pytest.param("gone:Order", "There is no module 'gone', here or installed.", id="no module"),
        pytest.param("gone.deep:Order", "There is no module 'gone.deep', here or installed.", id="no package"),
        pytest.param("models.py", "Classes there: models.py:Address, models.py:Order.", id="class left out"),
        pytest.param(
            "models.py:Oder",
            "has no class 'Oder'. Did you mean 'Order'? Classes there: models.py:Address, ",
            id="wrong class",
        ),
        pytest.param(
            "models.py:Plain",
            "'Plain' in 'models.py' is not a pydantic class, which inherits from pydantic.BaseModel. Classes",
            id="not pydantic",
        ),
        pytest.param(
            "models.py:Line", "'Line' in 'models.py' is a dataclass, not a pydantic class, which", id="dataclass"
        ),
        pytest.param(
            "models.py:Part", "'Part' in 'models.py' is a TypedDict, not a pydantic class, which", id="typed dict"
        ),
        pytest.param("calling.py:Job", "JSON Schema, because of its field 'then': Cannot generate", id="no schema"),
        pytest.param("refused.py:Job", "`then = 3`", id="what pydantic refuses"),
        pytest.param("refused.py:Job", "(refused.py, line 4).", id="line of the caller's file"),
        pytest.param("order.yaml", "'order.yaml' is YAML, which is not read: convert it to JSON. --schema", id="YAML"),
        pytest.param("order", "'order' is read only when its name ends with .json. --schema takes", id="no ending"),
        pytest.param("forms.json", "'forms.json' is a directory: name a .json file in it", id="a directory"),
        pytest.param("https://example.org/a.json", "and nothing is ever fetched", id="an address"),
        pytest.param("models.py:AMOUNT", "'AMOUNT' in 'models.py' is not a pydantic class, which", id="not a class"),
        pytest.param("models.py:BaseModel", "'BaseModel' in 'models.py' is not a pydantic class, which", id="the base"),
        pytest.param("empty.py:Order", "There are no pydantic classes in it", id="no classes"),
        pytest.param("models.py:a-b", "There is no schema 'models.py:a-b'.", id="not a name"),
        pytest.param(
            "order.json:Order", "is a JSON Schema and has no classes: leave out ':Order'.", id="JSON and class"
        ),
        pytest.param("broken.py:Order", "could not be imported: SyntaxError: ", id="syntax error"),
        pytest.param("failing.py:Order", "imported: ValueError: first second (failing.py, line 2).", id="error inside"),
        pytest.param("leaving.py:Order", "could not be imported: SystemExit: 0", id="exit inside"),
        pytest.param("wanting.py:Order", "No module named 'a_package_that_is_not_there'", id="import inside"),
        pytest.param(r"C:\forms\models.py:Order", r"There is no file 'C:\\forms\\models.py'.", id="Windows file"),
        pytest.param(r"C:\forms\order.json", r"There is no schema file 'C:\\forms\\order.json'.", id="Windows JSON"),
        pytest.param(":Order", "There is no schema ':Order'.", id="no place"),
        pytest.param("", "There is no schema ''.", id="nothing"),
    ],
)
def test_a_mistake_is_told_in_a_sentence_that_says_what_to_type(word: str, says: str) -> None:
    with pytest.raises(InvalidSchema) as caught:
        load_target(word)

    assert says in caught.value.message


def test_what_a_module_prints_while_it_is_imported_is_not_on_stdout(capsys: pytest.CaptureFixture[str]) -> None:
    load_target("models.py:Order")
    load_target("orders_of_a_test:Order")

    assert capsys.readouterr() == ("", "imported\nimported\n")
