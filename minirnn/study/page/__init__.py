"""`explain`: a page on which a reader walks through a model's steps and units, with the numbers in the equations.

`explaining` is the function; `layer_numbers` and `whereabouts` collect what the page shows, `cutting` bounds it,
`json_in_html` and `document` put it into one file. The page itself, HTML, CSS and JavaScript, is in `study/explain`.
"""

from minirnn.study.page.explaining import Explanation, explain

__all__ = ["Explanation", "explain"]
