"""OpenML by its own package: from a cache made by hand, and from a server on this machine."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import numpy as np
import openml
import pandas as pd
import pytest
from typing_extensions import override

from tests.data.data_worlds import catalog, dataset
from transcoder.data import load_table
from transcoder.errors import DataError
from transcoder.vocabulary import Dataset, JsonValue

NOWHERE = "http://127.0.0.1:9"
XMLNS = 'xmlns:oml="http://openml.org/openml"'
ARFF = """@RELATION flowers
@ATTRIBUTE row INTEGER
@ATTRIBUTE long REAL
@ATTRIBUTE garden STRING
@ATTRIBUTE wide INTEGER
@ATTRIBUTE kind {rose,aster,tulip}
@ATTRIBUTE note {a,b}
@DATA
1,0.5,north,300,tulip,a
2,1.5,south,7,rose,b
3,-2,north,8,aster,a
"""
OPTIONS: Mapping[str, JsonValue] = {"dataset_id": 28, "features": "sizes", "target": "kind"}
COLUMNS = {"sizes": "{Vector}", "kind": "label", "note": "text<en>"}


def description(server: str) -> str:
    """What the site tells about the dataset 28."""
    told = {
        "id": 28,
        "name": "flowers",
        "version": 1,
        "description": "made by hand",
        "format": "ARFF",
        "licence": "CC0",
        "url": f"{server}/files/flowers.arff",
        "default_target_attribute": "kind",
        "row_id_attribute": "row",
    }
    lines = "".join(f"<oml:{key}>{value}</oml:{key}>" for key, value in told.items())
    return f"<oml:data_set_description {XMLNS}>{lines}</oml:data_set_description>"


FEATURES = "".join(
    f"<oml:feature><oml:index>{index}</oml:index><oml:name>{name}</oml:name>"
    f"<oml:data_type>{kind}</oml:data_type>{values}</oml:feature>"
    for index, (name, kind, values) in enumerate(
        (
            ("row", "numeric", ""),
            ("long", "numeric", ""),
            ("garden", "string", ""),
            ("wide", "numeric", ""),
            (
                "kind",
                "nominal",
                "".join(
                    f"<oml:nominal_value>{each}</oml:nominal_value>"
                    for each in ("rose", "aster", "tulip")
                ),
            ),
            ("note", "nominal", "<oml:nominal_value>a</oml:nominal_value>"),
        )
    )
)
TASK = f"""<oml:task {XMLNS}><oml:task_id>5</oml:task_id>
<oml:task_type_id>1</oml:task_type_id><oml:task_type>Supervised Classification</oml:task_type>
<oml:input name="source_data"><oml:data_set><oml:data_set_id>28</oml:data_set_id>
<oml:target_feature>kind</oml:target_feature></oml:data_set></oml:input>
<oml:input name="estimation_procedure"><oml:estimation_procedure><oml:type>holdout</oml:type>
<oml:data_splits_url>{NOWHERE}/splits</oml:data_splits_url>
<oml:parameter name="repeats">1</oml:parameter>
<oml:parameter name="percentage">33</oml:parameter></oml:estimation_procedure></oml:input>
</oml:task>"""


def flowers(**options: JsonValue) -> Dataset:
    made = dataset("openml", {**OPTIONS, **options}, **COLUMNS)
    return replace(made, group="garden")


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache, and no way to a server."""
    monkeypatch.setenv("OPENML_CACHE_DIR", str(tmp_path))
    monkeypatch.setattr(openml.config, "server", f"{NOWHERE}/api/v1/xml")
    monkeypatch.setattr(openml.config, "retry_policy", "human")
    monkeypatch.setattr("transcoder.data._openml._TRIES", 1)
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    return tmp_path


def fill(cache: Path, content: str = ARFF) -> Path:
    """Put the dataset 28 where openml looks for it."""
    with openml.config.overwrite_config_context({}):
        folder = Path(openml.config.get_cache_directory()) / "datasets" / "28"
    assert folder.is_relative_to(cache)
    folder.mkdir(parents=True)
    (folder / "description.xml").write_text(description(NOWHERE))
    (folder / "dataset.arff").write_text(content)
    return folder


def check(found: Dataset) -> None:
    table = load_table(found, catalog())
    rows = table.column("sizes")[:]
    assert all(isinstance(row, dict) and row["vector"].dtype == np.float32 for row in rows)
    vectors = [row["vector"].tolist() for row in rows if isinstance(row, dict)]
    assert vectors == [[0.5, 300.0], [1.5, 7.0], [-2.0, 8.0]]
    assert list(table.column("kind")) == [2, 0, 1]
    assert list(table.column("note")) == ["a", "b", "a"]
    assert list(table.groups) == ["north", "south", "north"]


def test_a_cache_gives_vectors_labels_texts_and_groups(cache: Path) -> None:
    fill(cache)
    check(flowers())
    check(flowers())


def test_parquet_in_the_cache_is_read_instead_of_arff(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = fill(cache, "nothing")
    monkeypatch.delenv("OPENML_SKIP_PARQUET", raising=False)
    told = description(NOWHERE).replace(
        "<oml:url>", f"<oml:parquet_url>{NOWHERE}/datasets/b.pq</oml:parquet_url><oml:url>"
    )
    (folder / "description.xml").write_text(told)
    kinds = pd.Categorical(["tulip", "rose", "aster"], ["rose", "aster", "tulip"])
    columns = {
        "row": [1, 2, 3],
        "long": [0.5, 1.5, -2.0],
        "garden": ["north", "south", "north"],
    }
    frame = pd.DataFrame({**columns, "wide": [300, 7, 8], "kind": kinds, "note": list("aba")})
    frame.to_parquet(folder / "dataset_28.pq")
    check(flowers())


def test_the_target_of_the_description_is_no_feature_where_none_is_given(cache: Path) -> None:
    fill(cache)
    options = {key: value for key, value in OPTIONS.items() if key != "target"}
    check(replace(flowers(), options=options))


def test_vectors_come_as_arrays_where_the_modality_has_that_payload(cache: Path) -> None:
    fill(cache)
    made = dataset("openml", OPTIONS, **{**COLUMNS, "sizes": "numbers", "garden": "text<de>"})
    table = load_table(replace(made, group=""), catalog())
    first = table.column("sizes")[0]
    assert isinstance(first, np.ndarray)
    assert first.tolist() == [0.5, 300.0]
    assert list(table.groups) == ["0", "1", "2"]


def test_without_network_and_cache_the_remedy_is_told(cache: Path) -> None:
    told = rf"127.0.0.1:9.* cannot be reached and dataset 28 of OpenML is not in '{cache}"
    with pytest.raises(DataError, match=f"{told}.*; run once with a network"):
        load_table(flowers(), catalog())


def test_what_a_cache_holds_survives_a_file_that_cannot_be_fetched(cache: Path) -> None:
    folder = fill(cache)
    (folder / "dataset.arff").unlink()
    with pytest.raises(DataError, match="cannot be reached and dataset 28"):
        load_table(flowers(), catalog())
    assert (folder / "description.xml").exists()


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("long REAL", "long STRING", "feature column 'long' holds .*, not numbers"),
        ("1.5", "?", "column 'long' has 1 missing values, first at row 1"),
        ("aster,a", "?,a", "column 'kind' has 1 missing values, first at row 2"),
        ("tulip,a", "tulip,?", "column 'note' has 1 missing values, first at row 0"),
        ("south", "?", "column 'garden' has 1 missing values, first at row 1"),
        ("1.5", "1e300", r"'long' holds 1e\+300 at row 1, which float32 cannot hold"),
        ("@DATA", "", "cannot be read"),
    ],
)
def test_a_column_that_does_not_fit_is_named(
    cache: Path, old: str, new: str, told: str
) -> None:
    fill(cache, ARFF.replace(old, new, 1))
    with pytest.raises(DataError, match=f"'words' cannot be used: .*{told}"):
        load_table(flowers(), catalog())


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"datset": 1}, "its options are dataset_id=28, datset=1, .*; give a number"),
        ({"task_id": 5}, "either 'dataset_id' or 'task_id'"),
        ({"dataset_id": "28"}, "dataset_id='28'"),
        ({"target": "sort"}, "no column 'sort', only 'row', 'long'"),
        ({"target": "garden"}, "'garden' holds neither categories nor whole numbers"),
        ({"features": "long"}, "option 'features' is 'long', which is a column"),
        ({"features": "size"}, "no column 'sizes'"),
    ],
)
def test_options_that_do_not_fit_are_told(
    cache: Path, options: Mapping[str, JsonValue], told: str
) -> None:
    fill(cache)
    with pytest.raises(DataError, match=told):
        load_table(flowers(**options), catalog())


class _Site(BaseHTTPRequestHandler):
    """Answers three routes for the dataset, and one for the task; notes what was asked."""

    asked: Sequence[str] = ()
    site = ""

    def do_GET(self) -> None:
        path = self.path.split("?")[0]
        type(self).asked = [*self.asked, path]
        answers = {
            "/api/v1/xml/data/28": description(self.site),
            "/api/v1/xml/data/features/28": (
                f"<oml:data_features {XMLNS}>{FEATURES}</oml:data_features>"
            ),
            "/api/v1/xml/task/5": TASK,
            "/files/flowers.arff": ARFF,
        }
        refused = (
            f"<oml:error {XMLNS}><oml:code>111</oml:code>"
            "<oml:message>Unknown dataset</oml:message></oml:error>"
        )
        content = answers.get(path, refused).encode()
        self.send_response(200 if path in answers else 412)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    @override
    def log_message(self, format: str, *args: object) -> None:
        return


@contextmanager
def serving() -> Iterator[type[_Site]]:
    class Site(_Site):
        """One site of its own."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Site) as server:
        Site.site = f"http://127.0.0.1:{server.server_address[1]}"
        thread = Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield Site
        finally:
            server.shutdown()
            thread.join(10)


@pytest.fixture
def site(cache: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[type[_Site]]:
    assert cache.exists()
    with serving() as kind:
        monkeypatch.setattr(openml.config, "server", f"{kind.site}/api/v1/xml")
        yield kind


def test_a_server_is_asked_once_and_then_the_cache(site: type[_Site]) -> None:
    check(flowers())
    assert "/files/flowers.arff" in site.asked
    count = len(site.asked)
    check(flowers())
    assert len(site.asked) == count


def test_a_task_stands_for_its_dataset_and_its_target(site: type[_Site]) -> None:
    options: Mapping[str, JsonValue] = {"task_id": 5, "features": "sizes"}
    check(replace(flowers(), options=options))
    assert "/api/v1/xml/task/5" in site.asked


@pytest.mark.usefixtures("site")
def test_a_number_that_the_server_does_not_know_is_told() -> None:
    with pytest.raises(
        DataError, match=r"the server does not give dataset 29 of OpenML \(.*Unknown dataset"
    ):
        load_table(flowers(dataset_id=29), catalog())
