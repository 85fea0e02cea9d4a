"""Every alarm is explained to whoever is woken by it, and asks for metrics that are really counted."""

from __future__ import annotations

import re
from typing import Any

import yaml
from prometheus_client import REGISTRY

import chassis.ground.metrics  # noqa: F401  what a process counts is known once it is imported
import gateway.serving.request_metrics  # noqa: F401
import services.talent.people  # noqa: F401
from tests.architecture import source

RULES = source.ROOT / "deploy/alerts.yaml"
PAGES = (source.ROOT / "docs/on-call.md", source.ROOT / "docs/on-call.zh-CN.md")
METRIC = re.compile(r"\b(youthcity_\w+|rabbitmq_\w+)")


def alarms() -> list[dict[str, Any]]:
    groups = yaml.safe_load(RULES.read_text())["groups"]
    return [rule for group in groups for rule in group["rules"]]


def counted() -> set[str]:
    """The series every process of the platform can show."""
    names = set()
    for metric in REGISTRY.collect():
        names |= {metric.name, f"{metric.name}_total", f"{metric.name}_count", f"{metric.name}_bucket"}
    return names


class TestAlarms:
    def test_are_each_explained_in_their_order_in_both_languages(self) -> None:
        for page in PAGES:
            sections = re.findall(r"^## (\w+)$", page.read_text(), re.MULTILINE)
            assert [alarm["alert"] for alarm in alarms()] == sections, page

    def test_ask_for_what_is_counted(self) -> None:
        used = {name for alarm in alarms() for name in METRIC.findall(alarm["expr"]) if name.startswith("youthcity")}
        assert used - counted() == set()

    def test_say_whom_to_wake_and_why(self) -> None:
        for alarm in alarms():
            assert alarm["labels"]["severity"] in ("page", "ticket")
            assert alarm["annotations"]["summary"].endswith(".")
