"""The catalogue finds what was configured, refuses what is ambiguous, and shows no secret."""

import msgspec
import pytest

from harness.errors import UsageError
from harness.mock.config_api.catalog import (
    Catalog,
    ConfigSettings,
    DestinationSettings,
    MetadataSettings,
    SourceSettings,
    is_writable,
)
from tests.mock.config_api.asking import APP, ELSEWHERE, KEY, OTHER_KEY, SECRET, SHOP, TOKEN, shop_box

TOML = f"""
[config]
tokens = ["{TOKEN}"]
workspace_slug = "acme"

[[sources]]
slug = "shop"
write_keys = ["{KEY}"]
space = "spa_1"
labels = [{{ key = "environment", value = "dev" }}]
metadata = {{ slug = "javascript", categories = ["Website"] }}

[[sources.destinations]]
name = "Webhooks"
settings = {{ url = "https://hooks.example" }}

[[sources]]
slug = "app"
"""


class File(msgspec.Struct, forbid_unknown_fields=True):
    config: ConfigSettings
    sources: tuple[SourceSettings, ...]


def catalog_of(*sources, **config):
    return Catalog(sources, ConfigSettings(**config))


def test_sources_are_read_from_toml():
    read = msgspec.toml.decode(TOML.encode(), type=File)
    catalog = Catalog(read.sources, read.config)
    shop, app = catalog.sources
    assert (shop.slug, shop.name, shop.space, shop.workspace) == ("shop", "shop", "spa_1", "acme")
    assert shop.metadata.categories == ("Website",)
    assert [each.settings for each in catalog.destinations_of(shop)] == [{"url": "https://hooks.example"}]
    assert catalog.destinations_of(app) == ()


def test_a_source_is_found_by_each_of_its_write_keys_and_by_its_id():
    catalog = catalog_of(
        SourceSettings(slug="two-keys", write_keys=(KEY, OTHER_KEY)), SourceSettings(slug="app")
    )
    source = catalog.source_of_key(KEY)
    assert source is not None
    assert source is catalog.source_of_key(OTHER_KEY)
    assert source is catalog.source(source.id)
    assert catalog.source_of_key("unknown") is None
    assert catalog.source("unknown") is None
    assert catalog.destination("unknown") is None


def test_a_derived_id_depends_on_the_slug_alone():
    first = catalog_of(SHOP, APP).sources[1]
    again = catalog_of(APP, SHOP).sources[0]
    assert first.id == again.id
    assert len({source.id for source in catalog_of(SHOP, APP, ELSEWHERE).sources}) == 3


def test_a_destination_is_its_own_source_s():
    catalog = catalog_of(
        SourceSettings(slug="a", destinations=(DestinationSettings(name="Webhooks"),)),
        SourceSettings(slug="b", destinations=(DestinationSettings(name="Webhooks"),)),
    )
    for source in catalog.sources:
        (destination,) = catalog.destinations_of(source)
        assert destination.source_id == source.id
        assert catalog.destination(destination.id) is destination
        assert (destination.metadata.slug, destination.metadata.name) == ("webhooks", "Webhooks")


@pytest.mark.parametrize(
    ("sources", "named"),
    [
        (
            [SourceSettings(slug="x", name="One"), SourceSettings(slug="x", name="Two")],
            ["'One'", "'Two'", "'x'"],
        ),
        ([SourceSettings(slug="x", id="1"), SourceSettings(slug="y", id="1")], ["'x'", "'y'", "'1'"]),
        (
            [SourceSettings(slug="x", write_keys=(KEY,)), SourceSettings(slug="y", write_keys=(KEY,))],
            ["'x'", "'y'", "write key"],
        ),
        ([SourceSettings(slug="x", write_keys=(KEY, KEY))], ["'x'", "write key"]),
        (
            [SourceSettings(slug="x", destinations=(DestinationSettings(name="D"),) * 2)],
            ["destination 'D' of source 'x'", "id"],
        ),
    ],
)
def test_what_must_be_unique_is_refused_naming_both(sources, named):
    with pytest.raises(UsageError) as refused:
        catalog_of(*sources)
    for name in named:
        assert name in str(refused.value)
    assert KEY not in str(refused.value)


def test_settings_that_json_cannot_hold_are_refused_at_the_start():
    with pytest.raises(UsageError, match="source 'x' cannot be written"):
        catalog_of(SourceSettings(slug="x", settings={"number": 1 << 70}))
    with pytest.raises(UsageError, match="destination 'D' of source 'x'"):
        catalog_of(
            SourceSettings(slug="x", destinations=(DestinationSettings(name="D", settings={"n": 1 << 70}),))
        )


def test_depth_is_judged_with_what_stands_around_it():
    def nested(levels):
        value = {}
        for _ in range(levels - 1):
            value = {"a": value}
        return value

    assert is_writable(nested(240))
    assert not is_writable(nested(252))


def test_a_change_is_seen_by_every_lookup_and_undone_by_a_reset():
    catalog = shop_box().catalog
    before = catalog.source_of_key(KEY)
    changed = catalog.change_source(before, enabled=False, slug="closed")
    assert catalog.source_of_key(KEY) is changed is catalog.source(before.id)
    assert not changed.enabled
    assert [each.slug for each in catalog.sources] == ["closed", "app", "elsewhere"]
    destination = catalog.destinations_of(changed)[0]
    catalog.change_destination(destination, enabled=False)
    assert not catalog.destination(destination.id).enabled
    catalog.reset()
    assert catalog.source_of_key(KEY) == before == catalog.source(before.id)
    assert catalog.destination(destination.id) == destination


def test_two_changes_to_one_source_both_stay():
    catalog = shop_box().catalog
    before = catalog.source_of_key(KEY)
    catalog.change_source(before, enabled=False)
    catalog.change_source(before, name="Closed shop")
    after = catalog.source_of_key(KEY)
    assert (after.enabled, after.name) == (False, "Closed shop")


def test_no_repr_shows_a_key_a_token_or_a_destination_s_settings():
    catalog = shop_box(tokens=(TOKEN,)).catalog
    config = ConfigSettings(tokens=(TOKEN,))
    shown = " ".join(
        [repr(each) for each in (SHOP, *SHOP.destinations, config, catalog)]
        + [repr(each) for each in (*catalog.sources, *catalog.destinations, catalog.workspace)]
        + [str(each.__rich_repr__()) for each in (SHOP, *SHOP.destinations, config)]
        + [repr(File(config, (SHOP, APP)))]
    )
    assert "shop" in shown
    for secret in (KEY, OTHER_KEY, TOKEN, SECRET):
        assert secret not in shown


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"default_page": 2_000}, "default_page"),
        ({"legacy_default_page": 2_000}, "legacy_default_page"),
        ({"created_at": "yesterday"}, "2019-01-01"),
    ],
)
def test_settings_that_make_no_sense_say_so(fields, said):
    with pytest.raises(msgspec.ValidationError, match=said):
        msgspec.convert(fields, ConfigSettings)


def test_metadata_says_of_itself_what_is_not_derived():
    catalog = catalog_of(SourceSettings(slug="x", metadata=MetadataSettings(name="My Kind", id="m1")))
    (source,) = catalog.sources
    assert (source.metadata.id, source.metadata.slug, source.metadata.name) == ("m1", "my-kind", "My Kind")
