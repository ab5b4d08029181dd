"""The modules of a library package are its register."""

import ast
import sys

import pytest

from cellsim import registry

SOUND = "VALUE = {value!r}\n"


@pytest.fixture
def shelf(tmp_path, monkeypatch):
    """A library of three public modules, one private one, and one that must not be imported."""
    package = tmp_path / "shelf_for_test"
    package.mkdir()
    (package / "__init__.py").write_text('"""A shelf."""\n')
    for name in ("chen2020", "Marquis2019", "landesfeind2019_ec_dmc"):
        (package / f"{name}.py").write_text(SOUND.format(value=name))
    (package / "_common.py").write_text(SOUND.format(value="private"))
    (package / "broken.py").write_text("raise RuntimeError('imported')\n")
    (package / "notes.txt").write_text("not a module")
    monkeypatch.syspath_prepend(tmp_path)
    yield "shelf_for_test"
    for name in [name for name in sys.modules if name.split(".")[0] == "shelf_for_test"]:
        del sys.modules[name]


def test_a_file_in_the_package_is_registered_by_being_there_and_an_underscore_keeps_it_out(shelf):
    assert registry.names(shelf) == ["Marquis2019", "broken", "chen2020", "landesfeind2019_ec_dmc"]


def test_listing_imports_no_module_and_asking_for_one_imports_only_that_one(shelf):
    registry.names(shelf)
    assert registry.module(shelf, "chen2020").VALUE == "chen2020"  # would raise if `broken` were imported
    loaded = {name for name in sys.modules if name.startswith(f"{shelf}.")}
    assert loaded == {f"{shelf}.chen2020"}


def test_the_package_may_be_given_as_itself_or_by_its_dotted_name(shelf):
    package = __import__(shelf)
    assert registry.names(package) == registry.names(shelf)
    assert registry.module(package, "chen2020") is registry.module(shelf, "chen2020")


@pytest.mark.parametrize(
    "asked, found",
    [
        ("chen2020", "chen2020"),
        ("Chen2020", "chen2020"),
        ("CHEN_2020", "chen2020"),
        ("chen-2020", "chen2020"),
        ("marquis2019", "Marquis2019"),
        ("Landesfeind2019-EC-DMC", "landesfeind2019_ec_dmc"),
        ("landesfeind2019ecdmc", "landesfeind2019_ec_dmc"),
    ],
)
def test_case_underscores_and_hyphens_do_not_matter(shelf, asked, found):
    assert registry.module(shelf, asked).VALUE == found


def test_an_exact_name_wins_over_one_that_differs_only_in_underscores(shelf, tmp_path):
    (tmp_path / "shelf_for_test" / "chen_2020.py").write_text(SOUND.format(value="chen_2020"))
    assert registry.module(shelf, "chen_2020").VALUE == "chen_2020"
    assert registry.module(shelf, "chen2020").VALUE == "chen2020"


def test_an_unknown_name_is_answered_with_what_there_is_and_what_may_have_been_meant(shelf):
    with pytest.raises(registry.UnknownName) as caught:
        registry.module(shelf, "Chan_2020")
    assert isinstance(caught.value, KeyError)
    assert str(caught.value) == (
        "unknown name 'Chan_2020' in shelf_for_test. Did you mean 'chen2020'? "
        "It has Marquis2019, broken, chen2020, landesfeind2019_ec_dmc."
    )


def test_a_name_like_no_other_is_answered_without_a_guess(shelf):
    with pytest.raises(registry.UnknownName) as caught:
        registry.module(shelf, "zzz")
    assert "Did you mean" not in str(caught.value)
    assert "landesfeind2019_ec_dmc" in str(caught.value)


@pytest.mark.parametrize("asked", ["_common", "common", "os", "", "chen2020.VALUE", "../chen2020"])
def test_private_modules_other_packages_and_paths_cannot_be_reached_by_name(shelf, asked):
    with pytest.raises(registry.UnknownName):
        registry.module(shelf, asked)


def test_a_fault_inside_a_module_is_reported_as_itself(shelf):
    with pytest.raises(RuntimeError, match="imported"):
        registry.module(shelf, "broken")


def test_an_empty_library_says_so(tmp_path, monkeypatch):
    (tmp_path / "empty_shelf_for_test").mkdir()
    (tmp_path / "empty_shelf_for_test" / "__init__.py").write_text("")
    monkeypatch.syspath_prepend(tmp_path)
    assert registry.names("empty_shelf_for_test") == []
    with pytest.raises(registry.UnknownName, match="It has no module"):
        registry.module("empty_shelf_for_test", "chen2020")


def test_the_registry_needs_nothing_but_the_standard_library():
    with open(registry.__file__) as file:
        tree = ast.parse(file.read())
    imported = {
        (alias.name if isinstance(node, ast.Import) else node.module).split(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, (ast.Import, ast.ImportFrom))
        for alias in node.names
    }
    assert imported and imported <= sys.stdlib_module_names
