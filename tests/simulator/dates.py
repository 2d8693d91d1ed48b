"""Dates in scenarios: absolute, or relative to today, so that a sample stays true whatever the day."""

import re
from calendar import monthrange
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

FUSO = ZoneInfo("America/Sao_Paulo")
_DAYS = re.compile(r"^([+-]\d+)d$")
_MONTHS = re.compile(r"^mes([+-]\d+)?@(\d{1,2})$")


def today() -> date:
    """The portal's own day."""
    return datetime.now(FUSO).date()


def month_after(day: date, months: int, on: int) -> date:
    """The day `on` of the month `months` away from `day`'s, or that month's last day."""
    index = day.year * 12 + day.month - 1 + months
    year, month = divmod(index, 12)
    return date(year, month + 1, min(on, monthrange(year, month + 1)[1]))


def resolve_data(text: str, base: date) -> date:
    """`2026-12-10`, `+10d`, `-40d`, `mes@10`, `mes+1@10`, `mes-2@31`; ValueError otherwise."""
    if found := _DAYS.match(text):
        return base + timedelta(days=int(found[1]))
    if found := _MONTHS.match(text):
        return month_after(base, int(found[1] or 0), int(found[2]))
    return date.fromisoformat(text)
