"""The names of Roomlog's settings, as docs/configuration.md lists them."""
import re

VARIABLE = re.compile(r"`(ROOMLOG_[A-Z0-9_]+)`")
# A text may be in a file that such a variable names.
IN_A_FILE = "_FILE"


def names(page):
    return set(VARIABLE.findall(page.read_text()))


def unknown(environment, known):
    """Variables that look like settings and are none."""
    found = []
    for name in environment:
        setting = name.removesuffix(IN_A_FILE) if name not in known else name
        if name.startswith("ROOMLOG_") and setting not in known:
            found.append(name)
    return found
