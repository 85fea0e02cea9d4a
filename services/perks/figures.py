"""What perks counts for a city's report, by definition; joined from its subjects.

Each figure is counted, never stored, by the day things happened.
"""

from __future__ import annotations

from chassis.store.figures import Figures
from services.perks.subjects import SUBJECTS

_FIGURES = Figures(SUBJECTS)
count_figures, list_figure_records = _FIGURES.count_figures, _FIGURES.list_figure_records
