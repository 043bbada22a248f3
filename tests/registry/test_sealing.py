"""A seal opens only where, and only as, it was made."""

import dataclasses
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idverify.errors import KeyUnavailable, RecordTampered
from idverify.keys.file import add_kek_version, create_kek_file, drop_old_versions, load_kek_file
from idverify.registry.sealing import Context, Sealed, open_sealed, seal, wrap_anew
from registry.wrappers import NoWrapping

CONTEXT = Context("deployment", "sub_1", "template", "5" * 64, 3)
CONTENT = b"a template of somebody"


@pytest.fixture(scope="module")
def kek(tmp_path_factory) -> Path:
    """A KEK file."""
    path = tmp_path_factory.mktemp("kek") / "kek"
    create_kek_file(path)
    return path


@pytest.fixture(scope="module")
def wrapper(kek):
    """A wrapper over it."""
    return load_kek_file(kek, kek.parent / "data")


@pytest.fixture(scope="module")
def sealed(wrapper) -> Sealed:
    """One sealed record."""
    return seal(CONTENT, CONTEXT, wrapper)


@given(content=st.binary(max_size=2000))
def test_what_was_sealed_opens_again(wrapper, content):
    """Any bytes, none included, and never twice the same ciphertext."""
    one, two = seal(content, CONTEXT, wrapper), seal(content, CONTEXT, wrapper)
    assert open_sealed(one, CONTEXT, wrapper) == content
    assert one.ciphertext != two.ciphertext
    assert one.wrapped_key != two.wrapped_key


@given(data=st.data())
def test_any_flipped_bit_is_refused(wrapper, sealed, data):
    """Of the ciphertext, its nonce and tag, and of the wrapped key."""
    field = data.draw(st.sampled_from(["wrapped_key", "ciphertext"]))
    value = bytearray(getattr(sealed, field))
    value[data.draw(st.integers(0, len(value) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(RecordTampered):
        open_sealed(dataclasses.replace(sealed, **{field: bytes(value)}), CONTEXT, wrapper)


@pytest.mark.parametrize("field", ["wrapped_key", "ciphertext"])
@pytest.mark.parametrize("length", [0, 1, 11, 12, 13, 27])
def test_any_shortened_part_is_refused(wrapper, sealed, field, length):
    """Down to nothing at all."""
    cut = dataclasses.replace(sealed, **{field: getattr(sealed, field)[:length]})
    with pytest.raises(RecordTampered):
        open_sealed(cut, CONTEXT, wrapper)


contexts = st.builds(
    Context,
    deployment=st.text(max_size=20),
    subject_id=st.text(max_size=20),
    kind=st.sampled_from(["identifier", "claims", "portrait", "template"]),
    model_digest=st.text(max_size=20),
    row_version=st.integers(1, 9),
)


@given(one=contexts, other=contexts)
def test_any_differing_context_is_refused(wrapper, one, other):
    """Equal contexts open; all others do not, whatever their fields."""
    sealed = seal(CONTENT, one, wrapper)
    if one == other:
        assert open_sealed(sealed, other, wrapper) == CONTENT
    else:
        with pytest.raises(RecordTampered):
            open_sealed(sealed, other, wrapper)


@pytest.mark.parametrize("field", [field.name for field in dataclasses.fields(Context)])
def test_each_field_of_the_context_is_bound(wrapper, sealed, field):
    """One field changed, all others equal."""
    value = getattr(CONTEXT, field)
    with pytest.raises(RecordTampered):
        open_sealed(sealed, dataclasses.replace(CONTEXT, **{field: value + value}), wrapper)


def test_characters_moved_from_one_field_to_the_next_are_refused(wrapper):
    """Fields are preceded by their lengths, so that their joined text is not what is authenticated."""
    sealed = seal(CONTENT, Context("ab", "c", "claims", "", 1), wrapper)
    with pytest.raises(RecordTampered):
        open_sealed(sealed, Context("a", "bc", "claims", "", 1), wrapper)


@given(one=contexts, other=contexts)
def test_content_under_another_records_data_key_is_refused(one, other):
    """Even a thief of the data keys cannot move content: the content is bound to its context too, not by its key alone."""
    wrapper = NoWrapping()
    if one != other:
        with pytest.raises(RecordTampered):
            open_sealed(seal(CONTENT, one, wrapper), other, wrapper)


def test_wrapping_anew_keeps_the_content_and_ends_the_need_for_the_old_key(tmp_path):
    """After it the old version can be destroyed, which ends every copy that was not wrapped anew."""
    kek = tmp_path / "kek"
    create_kek_file(kek)
    wrapper = load_kek_file(kek, tmp_path / "data")
    old = seal(CONTENT, CONTEXT, wrapper)
    version = add_kek_version(kek)
    new = wrap_anew(old, CONTEXT, wrapper)
    assert (new.key_version, new.ciphertext) == (version, old.ciphertext)
    with pytest.raises(RecordTampered):
        open_sealed(dataclasses.replace(old, key_version=version), CONTEXT, wrapper)
    drop_old_versions(kek)
    assert open_sealed(new, CONTEXT, wrapper) == CONTENT
    with pytest.raises(KeyUnavailable):
        open_sealed(old, CONTEXT, wrapper)


def test_wrapping_anew_refuses_a_record_that_is_not_what_it_says(wrapper, sealed):
    """Rotation must not launder a swapped row."""
    with pytest.raises(RecordTampered):
        wrap_anew(sealed, dataclasses.replace(CONTEXT, subject_id="sub_2"), wrapper)
