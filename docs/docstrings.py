"""What a docstring of geodl says in its own words, in those that griffe knows."""

import re
import textwrap

import griffe

SECTION = re.compile(r"^(Call arguments|Example|References|Returns):\n((?:    .*\n?|\n)+)", re.M)
BARE_EXAMPLE = re.compile(r"^>>> (?:.+\n?)+", re.M)


class Sections(griffe.Extension):
    """Sections of their own for the arguments of `call`, examples and references."""

    def on_object(self, *, obj, **_):
        """Rewrites the docstring of an object before it is parsed."""
        if obj.docstring is not None:
            text = BARE_EXAMPLE.sub(lambda match: f"```pycon\n{match[0].rstrip()}\n```\n", obj.docstring.value)
            obj.docstring.value = SECTION.sub(_section, text)


def _section(match: re.Match) -> str:
    title, body = match.groups()
    if title == "Call arguments":
        return f"Other Parameters: Call arguments\n{body}"
    if title == "Example":
        return f"Examples:\n{body}"
    text = " ".join(body.split())
    if title == "Returns":  # prose, in which a colon does not separate a type
        return f"**Returns:** {text}\n\n"
    # A line that ends with a full stop ends a reference.
    references = re.split(r"(?<=\.)\n", textwrap.dedent(body).strip())
    return "**References:**\n\n" + "\n".join("- " + " ".join(lines.split()) for lines in references) + "\n\n"
