"""Equations in LaTeX as MathML, which browsers draw without a script."""

from xml.etree import ElementTree

from latex2mathml.converter import convert

LONG = 50  # characters of LaTeX that a phone has no room for in a line
# First characters of the mathematical alphabets, which is how browsers know bold letters.
RANGES = ("AZ", "az", "αω")
ALPHABETS = {"bold": (0x1D400, 0x1D41A, 0x1D6C2), "bold-italic": (0x1D468, 0x1D482, 0x1D736)}


def mathml(equation: str, block: bool = False) -> str:
    """An equation in LaTeX as MathML."""
    equation = " ".join(equation.split()).replace(r"\arg", r"\operatorname{arg}")
    tree = ElementTree.fromstring(convert(equation, xmlns="", display="block" if block else "inline"))
    for element in tree.iter():
        if element.get("mathvariant") in ALPHABETS:
            element.text = _bold(element.text, element.attrib.pop("mathvariant"))
        elif element.tag == "mover" and element[1].text == "\u2015":
            # No common font has bars that stretch: the bar is a border.
            element.tag = "mrow"
            element.set("class", "overline")
            del element[1]
    found = ElementTree.tostring(tree, encoding="unicode")
    return f'<span class="long">{found}</span>' if len(equation) > LONG and not block else found


def _bold(letter: str, variant: str) -> str:
    for (first, last), start in zip(RANGES, ALPHABETS[variant], strict=True):
        if first <= letter <= last:
            return chr(start + ord(letter) - ord(first))
    return letter
