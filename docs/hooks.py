"""What mkdocs does not do by itself: pages made of cards, READMEs and docstrings; links between them; equations as MathML."""

import html
import posixpath
import re
import sys
from pathlib import Path

from mkdocs.structure.files import File

sys.path.insert(0, str(Path(__file__).parent))
import equations
import pages

REPOSITORY = Path(__file__).parents[1]
EQUATION = re.compile(r'<(?:span|div) class="arithmatex">\\([(\[])(.*?)\\[)\]]</(?:span|div)>', re.S)
LINK = re.compile(r"\[([^\]]*)\]\(([^)\s#]+)(#[^)\s]*)?\)")


def on_config(config):
    """The navigation: what is written by hand, and what is made."""
    guides = ["own_data", "fine_tuning", "own_layer", "own_dataset", "devices", "contributing"]
    lectures = [{"Lectures": "lectures.md"}] if (Path(config.docs_dir) / "lectures.md").is_file() else []
    config.nav = [
        {"Home": "index.md"},
        {"Themes": [f"themes/{name}.md" for name in pages.THEMES]},
        {"Models": ["zoo/index.md", *({name: f"zoo/{name}.md"} for name in pages.list_models())]},
        {"Datasets": ["datasets/index.md", *({name: f"datasets/{name}.md"} for name in pages.list_datasets())]},
        {"Guides": [f"guides/{name}.md" for name in guides]},
        *lectures,
        {"Reference": ["api/index.md", "api/command.md", *(f"api/{name}.md" for name in (*pages.PACKAGES, *pages.MODULES))]},
    ]


def on_files(files, config):
    """Adds the pages and pictures that are made, or that lie beside what they are about."""
    for path, content in pages.made().items():
        files.append(File.generated(config, path, content=content))
    for picture in sorted(REPOSITORY.glob("zoo/*/*.png")):
        files.append(File.generated(config, f"zoo/{picture.parent.name}_{picture.name}", abs_src_path=str(picture)))


def on_page_markdown(markdown, page, config, files):
    """Turns links between files of the repository into links between pages; what has no page becomes its path."""
    markdown = markdown.replace("<!-- themes -->", pages.themes_grid())
    here = page.file.src_uri
    folder = posixpath.dirname(pages.origin(here))

    def link(match):
        text, target, anchor = match.groups()
        path = posixpath.normpath(posixpath.join(folder, target))
        site = pages.site_path(path)
        if ":" in target or files.get_file_from_path(posixpath.normpath(posixpath.join(posixpath.dirname(here), target))):
            return match[0]
        if files.get_file_from_path(site):
            return f"[{text}]({posixpath.relpath(site, posixpath.dirname(here) or '.')}{anchor or ''})"
        return f"{text} (`{path}`)" if (REPOSITORY / path).exists() else match[0]

    return LINK.sub(link, markdown)


def on_page_content(content, page, config, files):
    """Equations, which browsers draw without a script."""
    return EQUATION.sub(lambda match: equations.mathml(html.unescape(match[2]), block=match[1] == "["), content)
