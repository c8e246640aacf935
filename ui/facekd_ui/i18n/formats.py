"""Numbers, dates and durations in words: "12 Mar 2026", 24 hours, thousands separated by commas."""

from datetime import datetime, timedelta

from facekd_ui.i18n.text import T, current_language

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def number(value: int) -> str:
    """1,480"""
    return f"{value:,}"


def date(when: datetime) -> str:
    """12 Mar 2026 or 2026 年 3 月 12 日, in the time zone of `when`."""
    if current_language() == "zh_CN":
        return f"{when.year} 年 {when.month} 月 {when.day} 日"
    return f"{when.day} {_MONTHS[when.month - 1]} {when.year}"


def clock(when: datetime, *, seconds: bool = False) -> str:
    """08:41 or 08:41:07."""
    return when.strftime("%H:%M:%S" if seconds else "%H:%M")


def moment(when: datetime, now: datetime, *, seconds: bool = False) -> str:
    """Today: the clock. Yesterday: said so. Else the day, with the year unless it is this one.

    `seconds` for logs: the clock is always there, with its seconds.
    """
    days = (now.date() - when.date()).days
    time = clock(when, seconds=seconds)
    if days == 0:
        return time
    if days == 1:
        return str(T("yesterday {clock}", clock=time))
    if when.year == now.year:
        day = date(when).removesuffix(f" {when.year}").removeprefix(f"{when.year} 年 ")
        return f"{day} {time}"
    return f"{date(when)} {time}" if seconds else date(when)


def countdown(left: timedelta) -> str:
    """4:32, or 1:04:32; never negative. Rounded up, so that 0:00 means it is over."""
    seconds = max(0, -int(-left.total_seconds() // 1))
    hours, minutes = divmod(seconds // 60, 60)
    return f"{hours}:{minutes:02}:{seconds % 60:02}" if hours else f"{minutes}:{seconds % 60:02}"


def time_left(seconds: float) -> str:
    """How long work will still take, as coarse as the guess is: "about 50 s", "about 3 min"."""
    if seconds < 1:
        return str(T("less than 1 s"))
    if seconds < 10:
        return str(T("about {n} s", n=round(seconds)))
    if seconds < 55:
        return str(T("about {n} s", n=5 * round(seconds / 5)))
    if seconds < 55 * 60:
        return str(T("about {n} min", n=max(1, round(seconds / 60))))
    hours, minutes = divmod(round(seconds / 60), 60)
    return str(T("about {hours} h {minutes} min", hours=hours, minutes=minutes))
