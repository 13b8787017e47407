"""Texts from deliveries made fit to be shown: nothing in them may steer a terminal or a reader."""

import re

# Control characters but line feed and tab, marks that turn the direction of writing or stand for a
# line end, and halves of characters, which no encoding can write.
_STEERING = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]"
)
_BYTE = 0x100


def showable(text: str) -> str:
    r"""Returns a text with every character that steers written out, such as `\x1b`.

    Args:
        text: Any text, perhaps from a delivered file or its name.
    """
    return _STEERING.sub(_written_out, text)


def is_showable(name: str) -> bool:
    """Returns whether a name can be shown as it is: on one line, with nothing that steers."""
    return not _STEERING.search(name) and "\n" not in name and "\t" not in name


def showable_name(name: str) -> str:
    """Returns a name as `showable` does, on one line."""
    return showable(name).replace("\n", "\\n").replace("\t", "\\t")


def _written_out(found: re.Match[str]) -> str:
    code = ord(found[0])
    if 0xDC80 <= code <= 0xDCFF:  # how Python holds a byte of a name that is no UTF-8
        code -= 0xDC00
    return f"\\x{code:02x}" if code < _BYTE else f"\\u{code:04x}"
