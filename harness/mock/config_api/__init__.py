"""The Config API, in the Public API's shape and in the legacy one: sources and destinations."""
