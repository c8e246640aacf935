"""Lists of pairs in both forms."""

from pathlib import Path

import pytest

from facekd.errors import InputError
from facekd.evaluation.pairs import paths_below, read_pairs, rows_of

LFW = """2\t1
Ada_Lovelace\t1\t12
Ada_Lovelace\t1\tGrace_Hopper\t3
Grace_Hopper\t3\t4
Grace_Hopper\t4\tAda_Lovelace\t12
"""


def write(path: Path, text: str) -> Path:
    path.write_text(text, "utf-8")
    return path


def test_csv_rows_become_arrays(tmp_path: Path) -> None:
    path = write(tmp_path / "p.csv", 'fold,same,file_a,file_b\n1,1,a.jpg,b.jpg\n2,0,a.jpg,"c, d.jpg"\n\n')
    pairs = read_pairs(path)
    assert pairs.fold.tolist() == [1, 2]
    assert pairs.same.tolist() == [True, False]
    assert (pairs.file_a, pairs.file_b) == (("a.jpg", "a.jpg"), ("b.jpg", "c, d.jpg"))
    assert pairs.files() == ("a.jpg", "b.jpg", "c, d.jpg")


def test_the_lfw_list_names_files_and_folds(tmp_path: Path) -> None:
    pairs = read_pairs(write(tmp_path / "pairs.txt", LFW))
    assert pairs.fold.tolist() == [1, 1, 2, 2]
    assert pairs.same.tolist() == [True, False, True, False]
    assert pairs.file_a[0] == "Ada_Lovelace/Ada_Lovelace_0001.jpg"
    assert pairs.file_b[0] == "Ada_Lovelace/Ada_Lovelace_0012.jpg"
    assert pairs.file_b[3] == "Ada_Lovelace/Ada_Lovelace_0012.jpg"


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_line_ends_and_a_byte_order_mark_do_not_matter(tmp_path: Path, end: str) -> None:
    path = tmp_path / "p.csv"
    path.write_bytes(("\ufeff" + end.join(["fold,same,file_a,file_b", "3,1,a,b"])).encode())
    assert read_pairs(path).fold.tolist() == [3]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "first, got ''"),
        ("a,b,c\n", "first, got 'a,b,c'"),
        ("fold,same,file_a,file_b\n", "at least one pair"),
        ("fold,same,file_a,file_b\n1,1,a,b\n1,2,a,b\n", "line 3"),
        ("fold,same,file_a,file_b\n1,1,a\n", "line 2"),
        ("fold,same,file_a,file_b\none,1,a,b\n", "line 2"),
        (LFW.replace("Grace_Hopper\t3\t4\n", ""), "expected 4 pairs"),
        (LFW.replace("\t3\t4", "\t3\tfour"), "line 4: expected `name i j`"),
        (LFW.replace("\t4\tAda", "\tAda"), "line 5: expected `name i other j`"),
    ],
)
def test_a_list_that_breaks_its_form_is_refused_with_the_line(tmp_path: Path, text: str, said: str) -> None:
    path = write(tmp_path / "p", text)
    with pytest.raises(InputError) as refused:
        read_pairs(path)
    assert said in str(refused.value)
    assert str(refused.value).startswith(str(path))


def test_a_list_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="No such file"):
        read_pairs(tmp_path / "absent")
    (tmp_path / "binary").write_bytes(b"\xff\xd8\xff\xe0")
    with pytest.raises(InputError, match="not UTF-8"):
        read_pairs(tmp_path / "binary")


def test_names_become_rows_of_the_packed_file() -> None:
    assert rows_of(["c", "a", "c"], ["a", "b", "c"], where="x.npz").tolist() == [2, 0, 2]


def test_missing_names_are_counted_and_the_first_are_shown() -> None:
    with pytest.raises(InputError) as refused:
        rows_of(["a", "v", "w", "x", "y"], ["a"], where="x.npz")
    assert str(refused.value).startswith(
        "x.npz: expected all 5 pictures that the pairs name, 4 missing: v, w, x, ...;"
    )
    assert refused.value.exit_status == 2


def test_a_name_that_could_mean_two_pictures_is_refused() -> None:
    with pytest.raises(InputError, match="'a' occurs more than once"):
        rows_of(["a"], ["a", "b", "a"], where="x.npz")
    assert rows_of(["b"], ["a", "b", "a"], where="x.npz").tolist() == [1]


def test_names_become_paths_below_the_folder(tmp_path: Path) -> None:
    (tmp_path / "Ada").mkdir()
    write(tmp_path / "Ada" / "1.jpg", "")
    assert paths_below(["Ada/1.jpg"], tmp_path) == [tmp_path / "Ada" / "1.jpg"]
    with pytest.raises(InputError, match=r"expected all 2 pictures .* 1 missing: Ada/2\.jpg;"):
        paths_below(["Ada/1.jpg", "Ada/2.jpg"], tmp_path)
    with pytest.raises(InputError, match="found neither"):
        paths_below(["Ada/1.jpg"], tmp_path / "absent")


@pytest.mark.parametrize("name", ["../secret.jpg", "/etc/passwd", "Ada/../../x.jpg"])
def test_names_do_not_leave_the_folder(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match="names below the folder"):
        paths_below([name], tmp_path)


@pytest.mark.shared
def test_the_lists_of_the_research_data_have_their_published_sizes(shared_data: Path) -> None:
    lfw = read_pairs(shared_data / "faces" / "lfw_pairs.txt")
    assert (len(lfw), int(lfw.same.sum()), len(set(lfw.fold.tolist()))) == (6000, 3000, 10)
    hard = read_pairs(shared_data / "faces" / "celeba_heldout_pairs_hard.csv")
    assert (len(hard), int(hard.same.sum()), len(set(hard.fold.tolist()))) == (3000, 1500, 10)
