"""LaTeX as MathML, which a browser sets by itself; nothing of a user's text becomes any other markup."""

from functools import cache
from html import escape
from xml.etree import ElementTree

_TAGS = """
math mrow mi mn mo mtext ms mspace msup msub msubsup munder mover munderover mfrac msqrt mroot mtable mtr mtd mstyle
mpadded mphantom menclose mmultiscripts mfenced semantics none
"""
_ATTRIBUTES = """
display mathvariant stretchy fence separator form lspace rspace accent linethickness columnalign rowspacing
columnspacing width height depth minsize maxsize movablelimits notation displaystyle scriptlevel
"""


@cache
def mathml(latex: str) -> str | None:
    r"""A formula as MathML.

    Args:
        latex: what stands between dollar signs, as `\frac{1}{2} \|x\|^2`.

    Returns:
        HTML whose tags and attributes are those of formulas alone; None where the text is no LaTeX that can be read, or
        where the converter is not installed.
    """
    try:
        from latex2mathml.converter import convert  # slow to load, and seldom needed

        root = ElementTree.fromstring(convert(latex))  # noqa: S314  made by the converter, which escapes
    except Exception:  # the converter raises whatever it meets
        return None
    return _rewritten(root)


def _rewritten(element: ElementTree.Element) -> str | None:
    """The element with all in it, where every tag is one of a formula; attributes that are none are dropped."""
    tag = element.tag.rpartition("}")[2]
    if tag not in _TAGS.split():
        return None
    inner = [_rewritten(child) for child in element]
    if None in inner:
        return None
    kept = {name: value for name, value in element.attrib.items() if name in _ATTRIBUTES.split()}
    attributes = "".join(f' {name}="{escape(value)}"' for name, value in kept.items())
    tails = [escape(child.tail or "") for child in element]
    body = "".join(f"{part}{tail}" for part, tail in zip(inner, tails, strict=True))
    return f"<{tag}{attributes}>{escape(element.text or '')}{body}</{tag}>"
