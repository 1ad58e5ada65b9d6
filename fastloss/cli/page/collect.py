"""What looks at the data on their way through the states, and makes the page of it in the end."""

from collections.abc import Sequence

from fastloss.cli.output.records import Report
from fastloss.cli.output.report import over, said
from fastloss.cli.page.data import Measure, Page, Total
from fastloss.cli.page.seen import Seen
from fastloss.cli.page.slopes import Slopes, has_row_losses
from fastloss.cli.page.values import GroupValues
from fastloss.cli.reading.batches import Batch
from fastloss.cli.reading.roles import Roles
from fastloss.cli.scoring.asked import Asked
from fastloss.cli.scoring.groups import WholeGroups
from fastloss.cli.scoring.metrics import weights_of_groups
from fastloss.cli.scoring.results import GroupResults
from fastloss.cli.version import version
from fastloss.pairs.queries.loss import QueryLoss


class Collector:
    """A `Watcher` that collects what the page shows."""

    def __init__(self, losses: Sequence[Asked], roles: Roles):
        self._roles = roles
        self._losses = {one.name: one for one in losses}
        models = tuple(roles.scores)
        self._by_model = {one.name: {of.model: of for of in one.of_models(models)} for one in losses}
        self._slopes = {one.name: Slopes(models) for one in losses}
        self._values = {one.name: GroupValues(models, one.greater_is_better) for one in losses}
        self._seen = Seen(models, losses, roles.by_class)
        self.needs_groups = roles.groups is not None

    def rows(self, batch: Batch) -> None:
        """Look at the next rows."""
        self._seen.add_rows(batch.scores, batch.labels, batch.weights)
        for name, one in self._losses.items():
            if has_row_losses(one):
                self._slopes[name].add_rows(self._by_model[name], batch.scores, batch.labels, batch.weights)

    def groups(self, groups: WholeGroups, results: dict[Asked, GroupResults]) -> None:
        """Look at some whole groups, and at what each loss and metric is in them."""
        of_pairs = [name for name, one in self._losses.items() if one.is_pairwise]
        for name in of_pairs:
            self._add_slopes(groups, name)
        if of_pairs:
            self._seen.add_pairs(groups.scores, groups.labels, groups.offsets)
        by_name: dict[str, dict[str, GroupResults]] = {}
        for one, found in results.items():
            by_name.setdefault(one.name, {})[one.model] = found
        if groups.ids is not None:
            own = groups._replace(ids=self._roles.own_ids(groups.ids))
            for name, some in by_name.items():
                self._values[name].add(own, some)

    def _add_slopes(self, groups: WholeGroups, name: str) -> None:
        weights = groups.weights
        if weights is not None and isinstance(self._losses[name].loss, QueryLoss):
            weights = weights_of_groups(weights, groups.offsets)
        for model, one in self._by_model[name].items():
            self._slopes[name].add_groups(one, groups.scores[model], groups.labels, weights, groups.offsets)

    def page(self, report: Report) -> Page:
        """Return the page."""
        models = tuple(self._roles.scores)
        answers: dict[str, list[Total]] = {}
        for one in report.answers:
            answers.setdefault(one.asked.name, []).append(Total(one.value, over(one, report)[0]))
        measures = tuple(
            Measure(
                name,
                one.loss.name,
                one.parameters,
                tuple(answers[name]),
                self._values[name].result(),
                self._slopes[name].gradients(),
                self._slopes[name].differences(),
                one.greater_is_better,
            )
            for name, one in self._losses.items()
        )
        columns = {"scores": models[0]} if len(models) == 1 else {}
        columns |= {role: column for role, column in self._roles.items() if role != "scores"}
        return Page(
            version=version(),
            files=report.files,
            columns=columns,
            models=models,
            reduction=report.reduction,
            rows=report.rows,
            groups=report.groups,
            dropped=report.dropped,
            seconds=report.seconds,
            measures=measures,
            id_name=self._roles.groups or "group",
            notes=self._notes(report),
            comparisons=tuple(report.comparisons or ()),
            margins=self._seen.margins(),
            reliability=self._seen.reliability(),
        )

    def _notes(self, report: Report) -> tuple[str, ...]:
        """Return what is to be said beside the results."""
        silent = [name for name, one in self._losses.items() if one.is_pairwise and not self._slopes[name].gradients()]
        notes = [] if report.nans is None else [said(report.nans)]
        if silent:
            notes.append(f"Margins and gradients of pairs are shown with --groups: {', '.join(silent)}")
        return tuple(notes)
