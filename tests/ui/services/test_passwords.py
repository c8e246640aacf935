"""How good a new password is."""

import pytest

from facekd_ui.services.errors import WeakPassword
from facekd_ui.services.passwords import Strength, judge, require_good


@pytest.mark.parametrize(
    "password",
    [
        "password",
        "Passw0rd",
        "P@ssw0rd1",
        "qwertyuiop",
        "12345678",
        "aaaaaaaaaaaa",
        "letmein2024",
        "abcdefghij",
        "iloveyou1234",
        "short",
        "",
        "Woaini5201314",
        "Lovelace1815",
        "monkey24121987",
        "19871224",
        "24.12.1987",
        "xk7xk7xk7xk7xk7",
        "drowssap2024",
        "Michael2024!",
        "Shanghai888",
        "1q2w3e4r",
        "bahnbahnbahn",
    ],
)
def test_what_is_common_regular_or_the_name_is_refused(password: str) -> None:
    with pytest.raises(WeakPassword):
        require_good(password, "Ada Lovelace")


@pytest.mark.parametrize(
    "password",
    ["seven quiet herons", "kR7vq-Zt2m", "correct horse battery staple", "梅子黄时日日晴", "tz8Rk2mWq"],
)
def test_words_and_chance_are_accepted(password: str) -> None:
    assert judge(password, "Ada Lovelace").accepted or len(password) < 8


def test_saying_the_same_twice_hardly_helps() -> None:
    once, twice = judge("kR7vq-Zt2m"), judge("kR7vq-Zt2m" * 2)
    assert twice.share - once.share < 0.05


def test_a_longer_password_is_never_called_weaker() -> None:
    order = list(Strength)
    words = ["seven", "quiet", "herons", "wade", "at", "dawn"]
    strengths = [order.index(judge(" ".join(words[: n + 1])).strength) for n in range(len(words))]
    assert strengths == sorted(strengths)
    assert strengths[-1] == len(order) - 1


def test_a_name_counts_as_guessed() -> None:
    assert judge("zwetlana", "Zwetlana Petrowa").share < judge("zwetlana", "Ada").share
