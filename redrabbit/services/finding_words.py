"""What verification found, as a sentence for whoever reads it in a terminal or in a trouble's words."""

from redrabbit.base.sentence import Sentence, sentence
from redrabbit.domain.findings import TEXTS, Finding


def finding_words(finding: Finding) -> Sentence:
    """Return a finding as a sentence, with its place in front; in English it is `in_english`."""
    what = Sentence(TEXTS[finding.code], dict(finding.params))
    return sentence("{place}: {what}", place=finding.place, what=what)
