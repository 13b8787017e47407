"""Child of test_notebook.py: runs a notebook's cells in order, as Jupyter would, without a kernel.

`notebook.py file.ipynb` prints JSON: what the notebook holds at its end, and the figures it drew.
"""

import ast
import json
import sys
from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")
import matplotlib.pyplot as plt


def main() -> None:
    notebook = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    names: dict = {}
    shown = 0
    for cell in notebook["cells"]:
        if cell["cell_type"] != "code":
            continue
        tree = ast.parse("".join(cell["source"]))
        last = tree.body[-1]
        if isinstance(last, ast.Expr):
            exec(compile(ast.Module(tree.body[:-1], []), "cell", "exec"), names)  # noqa: S102
            value = eval(compile(ast.Expression(last.value), "cell", "eval"), names)  # noqa: S307
            shown += bool(getattr(value, "_repr_html_", lambda: "")())
        else:
            exec(compile(tree, "cell", "exec"), names)  # noqa: S102
    figures = [plt.figure(number) for number in plt.get_fignums()]
    for figure in figures:
        figure.canvas.draw()
    print(
        json.dumps(
            {
                "shown": shown,
                "figures": [figure.axes[0].get_title() for figure in figures],
                "line": [float(value) for value in figures[0].axes[0].lines[0].get_ydata()],
                "bars": [patch.get_height() for patch in figures[1].axes[0].patches],
                "comments": int(names["ask"]("from duckdb_columns() where not internal").shape[0]),
            }
        )
    )


if __name__ == "__main__":
    main()
